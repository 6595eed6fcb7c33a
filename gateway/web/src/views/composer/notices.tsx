import { CloudOff, X } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "wouter";
import type { Problem } from "@/api/problem";
import { draftOf } from "@/data/drafts";
import { refused } from "@/generation/outcome";
import { busyChats } from "@/generation/running";
import { online } from "@/lib/browser";
import { useStore } from "@/lib/store";
import { Button, buttonClass } from "@/ui/button";
import { focusComposer } from "@/ui/focus";
import { IconButton } from "@/ui/icon-button";
import { creditsText, problemText, t } from "@/words";
import { type Shortfall, useShortfall } from "./price-before";

/** Says above the composer why the text cannot be sent, or was not. */
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
  const isOnline = useStore(online);
  const text = useStore(draftOf(chat));
  const busy = useStore(busyChats).has(chat);
  const shortfall = useShortfall(chat, text);
  if (tooLongBytes > 0) {
    const [size, max] = [Math.ceil(tooLongBytes / 1024), maxBytes / 1024];
    return <Notice>{t("composer.tooLong", { size, max })}</Notice>;
  }
  if (!isOnline) {
    return (
      <Notice>
        <CloudOff aria-hidden className="size-4 shrink-0 text-warn" />
        {t("composer.offline")}
      </Notice>
    );
  }
  const close = () => refused(chat).set(undefined);
  if (problem && problem.status !== 402) return <Refusal problem={problem} onClose={close} />;
  // Missing credits are said before the text is sent, and again when the server refuses it for them.
  if (shortfall && !busy && (problem || text.trim())) return <NoCredits {...shortfall} />;
  return problem ? <Refusal problem={problem} onClose={close} /> : null;
}

function NoCredits({ price, available, cheaper, choose }: Shortfall) {
  const amounts = { price: creditsText(price), balance: creditsText(available) };
  return (
    <Notice>
      <div className="min-w-48 flex-1">
        <p className="font-medium">{t("composer.noCredits")}</p>
        <p className="text-soft">{t("composer.noCreditsText", amounts)}</p>
      </div>
      <div className="flex flex-wrap gap-2">
        {cheaper && (
          <Button
            size="small"
            onClick={() => {
              choose(cheaper.model.id);
              focusComposer();
            }}
          >
            {t("composer.cheaper", {
              model: cheaper.model.displayName,
              price: creditsText(cheaper.price),
            })}
          </Button>
        )}
        <Link href="/pricing" className={buttonClass("primary", "small")}>
          {t("composer.noCreditsAction")}
        </Link>
      </div>
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
