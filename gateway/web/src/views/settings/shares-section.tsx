import { Link2 } from "lucide-react";
import { Link } from "wouter";
import { toProblem } from "@/api/problem";
import type { Share } from "@/api/types";
import { titleOf } from "@/data/chats";
import { useShares, useUnshare } from "@/data/shares";
import { notify } from "@/lib/notify";
import { formatDate } from "@/lib/time";
import { Button } from "@/ui/button";
import { useCopy } from "@/ui/clipboard";
import { linkOf } from "@/views/share/link";
import { sharing } from "@/views/share/sharing";
import { problemText, t } from "@/words";
import { ListFrame } from "./list-frame";

export function SharesSection() {
  const query = useShares();
  return (
    <ListFrame
      query={query}
      rowsOf={(page) => page.shares}
      failed={t("share.listFailed")}
      icon={<Link2 aria-hidden className="size-6 text-muted" />}
      none={t("share.none")}
      above={<p className="mt-5 text-sm text-soft">{t("share.listText")}</p>}
    >
      {(share) => <ShareRow key={share.id} share={share} />}
    </ListFrame>
  );
}

function ShareRow({ share }: { share: Share }) {
  const { copied, copy } = useCopy();
  const unshare = useUnshare();
  const title = titleOf(share);
  const url = linkOf(share);
  const end = () =>
    unshare.mutate(share.chat, {
      onSuccess: () => notify({ text: t("share.ended") }),
      onError: (thrown) =>
        notify({
          text: t("chats.notDone", { reason: problemText(toProblem(thrown)) }),
          isError: true,
        }),
    });
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-2 border-b border-line py-3 text-sm">
      <div className="min-w-0 flex-1 basis-64">
        <Link href={`/chat/${share.chat}`} className="block truncate rounded hover:underline">
          <bdi>{title}</bdi>
        </Link>
        <p className="mt-0.5 text-xs text-muted">{factsOf(share).join(" · ")}</p>
      </div>
      {url && !share.expired && (
        <Button
          look="quiet"
          size="small"
          aria-label={copied ? t("common.copied") : t("share.copyOf", { title })}
          onClick={() => copy(url)}
        >
          {t(copied ? "common.copied" : "share.copyLink")}
        </Button>
      )}
      <Button
        look="quiet"
        size="small"
        aria-label={t("share.editOf", { title })}
        onClick={() => sharing.set({ id: share.chat, title: share.title })}
      >
        {t("share.edit")}
      </Button>
      <Button
        look="danger"
        size="small"
        disabled={unshare.isPending}
        aria-label={t("share.endOf", { title })}
        onClick={end}
      >
        {t("share.end")}
      </Button>
    </li>
  );
}

function factsOf(share: Share): string[] {
  const end = { date: formatDate(share.expireTime) };
  return [
    t(share.audience === "SIGNED_IN" ? "share.forSignedIn" : "share.forEverybody"),
    t("share.of", { date: formatDate(share.snapshotTime), count: share.messages }),
    share.expireTime ? t(share.expired ? "share.expired" : "share.until", end) : "",
  ].filter(Boolean);
}
