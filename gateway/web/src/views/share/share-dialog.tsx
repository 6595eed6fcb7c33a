import { useState } from "react";
import { toProblem } from "@/api/problem";
import type { Chat, Share, ShareAudience } from "@/api/types";
import { useMe } from "@/data/account";
import { type Terms, useShareChat, useShareOf, useUnshare } from "@/data/shares";
import { notify } from "@/lib/notify";
import { formatDate } from "@/lib/time";
import { Button, buttonClass } from "@/ui/button";
import { copyOrSay } from "@/ui/clipboard";
import { Dialog } from "@/ui/dialog";
import { Field } from "@/ui/field";
import { ProblemPanel } from "@/ui/problem-panel";
import { Select } from "@/ui/select";
import { Skeleton } from "@/ui/skeleton";
import { problemText, t } from "@/words";
import { linkOf } from "./link";
import { sharing } from "./sharing";

/** The API's limit in bytes. The field counts characters, and a longer name is refused by the API. */
const AUTHOR_MAX = 100;

/** After so many days a link can end. */
const DAYS = [1, 7, 30, 90] as const;
const DAY_MS = 86_400_000;

/** The dialog that makes, shows and ends the link of a chat. */
export default function ShareDialog({ chat }: { chat: Pick<Chat, "id" | "title"> }) {
  const { data: share, error, refetch } = useShareOf(chat.id);
  const { data: me } = useMe();
  return (
    <Dialog title={t("share.title")} text={t("share.text")} onClose={() => sharing.set(undefined)}>
      {error && share === undefined ? (
        <ProblemPanel
          title={t("share.listFailed")}
          problem={error}
          onRetry={() => void refetch()}
          className="mt-4"
        />
      ) : share === undefined || !me ? (
        <Skeleton className="mt-4 h-56" />
      ) : (
        <LinkForm key={share?.id ?? ""} chat={chat.id} share={share} name={me.displayName} />
      )}
    </Dialog>
  );
}

function LinkForm({ chat, share, name }: { chat: string; share: Share | null; name: string }) {
  const [audience, setAudience] = useState<ShareAudience>(
    share?.audience === "SIGNED_IN" ? "SIGNED_IN" : "EVERYBODY",
  );
  const [author, setAuthor] = useState(share ? share.author : name);
  const [end, setEnd] = useState(share?.expireTime ? "kept" : "0");
  const make = useShareChat(chat);
  const unshare = useUnshare();
  const say = (thrown: unknown) =>
    notify({
      text: t("chats.notDone", { reason: problemText(toProblem(thrown)) }),
      isError: true,
    });

  const terms = (): Terms => ({
    audience,
    author: author.trim(),
    expireTime:
      end === "kept"
        ? (share?.expireTime ?? "")
        : end === "0"
          ? ""
          : new Date(Date.now() + Number(end) * DAY_MS).toISOString(),
  });
  const save = (keepSnapshot: boolean) =>
    make.mutate(
      { ...terms(), keepSnapshot },
      {
        onError: say,
        onSuccess: () =>
          share && notify({ text: t(keepSnapshot ? "share.saved" : "share.updated") }),
      },
    );
  const finish = () =>
    unshare.mutate(chat, {
      onError: say,
      onSuccess: () => {
        notify({ text: t("share.ended") });
        sharing.set(undefined);
      },
    });
  const isBusy = make.isPending || unshare.isPending;
  return (
    <>
      {share && <Link share={share} />}
      <form
        className="mt-4 flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          save(share !== null);
        }}
      >
        <Select
          label={t("share.audience")}
          value={audience}
          options={[
            { value: "EVERYBODY", label: t("share.everybody") },
            { value: "SIGNED_IN", label: t("share.signedIn") },
          ]}
          onChange={setAudience}
        />
        <Field
          label={t("share.author")}
          hint={t("share.authorHint")}
          value={author}
          maxLength={AUTHOR_MAX}
          onChange={(event) => setAuthor(event.target.value)}
        />
        <Select
          label={t("share.expires")}
          value={end}
          options={[
            ...(share?.expireTime
              ? [
                  {
                    value: "kept",
                    label: t("share.keepEnd", { date: formatDate(share.expireTime) }),
                  },
                ]
              : []),
            { value: "0", label: t("share.never") },
            ...DAYS.map((days) => ({
              value: String(days),
              label: t("share.inDays", { count: days }),
            })),
          ]}
          onChange={setEnd}
        />
        <div className="flex flex-wrap justify-end gap-2">
          {share && (
            <Button look="danger" disabled={isBusy} className="mr-auto" onClick={finish}>
              {t("share.end")}
            </Button>
          )}
          {share && (
            <Button disabled={isBusy} onClick={() => save(false)}>
              {t("share.update")}
            </Button>
          )}
          <Button look="primary" type="submit" disabled={isBusy}>
            {t(share ? "common.save" : "share.make")}
          </Button>
        </div>
      </form>
    </>
  );
}

function Link({ share }: { share: Share }) {
  const [copied, setCopied] = useState(false);
  const url = linkOf(share);
  const facts = { date: formatDate(share.snapshotTime), count: share.messages };
  return (
    <div className="mt-4 rounded-xl border border-line-strong p-4">
      {url ? (
        <>
          <Field label={t("share.link")} value={url} readOnly onFocus={(e) => e.target.select()} />
          <div className="mt-3 flex flex-wrap gap-2">
            <Button
              size="small"
              look="primary"
              autoFocus
              onClick={() => void copyOrSay({ text: url }).then(setCopied)}
            >
              <span aria-live="polite">{t(copied ? "common.copied" : "share.copyLink")}</span>
            </Button>
            <a
              href={url}
              target="_blank"
              rel="noopener noreferrer"
              className={buttonClass("outline", "small")}
            >
              {t("share.open")}
              <span className="sr-only"> ({t("common.newTab")})</span>
            </a>
          </div>
        </>
      ) : (
        <p className="text-sm">{t("share.lost")}</p>
      )}
      <p className="mt-3 text-sm text-soft">
        {t("share.of", facts)}. {t(share.outdated ? "share.outdated" : "share.current")}
      </p>
      {share.expired && (
        <p className="mt-1 text-sm text-danger">
          {t("share.expired", { date: formatDate(share.expireTime) })}
        </p>
      )}
    </div>
  );
}
