import { CloudOff, X } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "wouter";
import type { Problem } from "@/api/problem";
import { useBalance } from "@/credits/balance";
import { refused } from "@/generation/outcome";
import { micro } from "@/lib/money";
import { useOnline } from "@/lib/online";
import { useStore } from "@/lib/store";
import { buttonClass } from "@/ui/button";
import { IconButton } from "@/ui/icon-button";
import { creditsText, problemText, t } from "@/words";
import { draftOf } from "./draft";
import { usePriceBefore } from "./price-before";

/** What stands between the text and its being sent. */
export function Notices({
  chat,
  tooLongBytes,
  maxBytes,
}: {
  chat: string;
  tooLongBytes: number;
  maxBytes: number;
}) {
  const problem = useStore(refused(chat));
  const online = useOnline();
  if (tooLongBytes > 0) {
    const [size, max] = [Math.ceil(tooLongBytes / 1024), maxBytes / 1024];
    return <Notice>{t("composer.tooLong", { size, max })}</Notice>;
  }
  if (!online) {
    return (
      <Notice>
        <CloudOff aria-hidden className="size-4 shrink-0 text-warn" />
        {t("composer.offline")}
      </Notice>
    );
  }
  if (!problem) return null;
  const close = () => refused(chat).set(undefined);
  return problem.status === 402 ? (
    <NoCredits chat={chat} onClose={close} />
  ) : (
    <Refusal problem={problem} onClose={close} />
  );
}

function NoCredits({ chat, onClose }: { chat: string; onClose: () => void }) {
  const { data: balance } = useBalance();
  const text = useStore(draftOf(chat));
  const price = usePriceBefore(chat, text) ?? 0n;
  const amounts = {
    price: creditsText(price),
    balance: creditsText(micro(balance?.available)),
  };
  return (
    <Notice onClose={onClose}>
      <div className="min-w-0 flex-1">
        <p className="font-medium">{t("composer.noCredits")}</p>
        <p className="text-soft">{t("composer.noCreditsText", amounts)}</p>
      </div>
      <Link href="/pricing" className={buttonClass("primary", "small")}>
        {t("composer.noCreditsAction")}
      </Link>
    </Notice>
  );
}

function Refusal({ problem, onClose }: { problem: Problem; onClose: () => void }) {
  return (
    <Notice onClose={onClose}>
      <div className="min-w-0 flex-1">
        <p className="font-medium">{t("composer.refused")}</p>
        <p className="text-soft">{problemText(problem)}</p>
        {problem.requestId && (
          <p className="mt-1 font-mono text-[11px] break-all text-muted select-all">
            {t("common.requestId", { id: problem.requestId })}
          </p>
        )}
      </div>
    </Notice>
  );
}

function Notice({ onClose, children }: { onClose?: () => void; children: ReactNode }) {
  return (
    <div
      role="status"
      className="appear mb-2 flex flex-wrap items-center gap-3 rounded-xl border border-line-strong bg-warn-soft px-4 py-3 text-sm"
    >
      {children}
      {onClose && (
        <IconButton label={t("common.close")} small className="-mr-1.5" onClick={onClose}>
          <X />
        </IconButton>
      )}
    </div>
  );
}
