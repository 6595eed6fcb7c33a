import { useState } from "react";
import type { Message } from "@/api/types";
import { Button } from "@/ui/button";
import { usePriceBefore } from "@/views/composer/price-before";
import { useModelChoice } from "@/views/model/choice";
import { creditsText, t } from "@/words";

/** "Try again · up to 2 credits" */
export function useRetryLabel(message: Message): string {
  const price = usePriceBefore(message.chat, "");
  return price ? t("chat.retryFor", { price: creditsText(price) }) : t("common.retry");
}

/** Shows the effect and the price of asking again, before it is done. */
export function AskAgain({
  message,
  onAgain,
  onClose,
}: {
  message: Message;
  onAgain: () => void;
  onClose: () => void;
}) {
  const [sent, setSent] = useState(false);
  const { model } = useModelChoice(message.chat);
  const price = usePriceBefore(message.chat, "");
  const facts = { price: creditsText(price ?? 0n), model: model?.displayName ?? "" };
  return (
    <section
      aria-label={t("chat.again")}
      className="appear mt-2 rounded-xl border border-line-strong bg-raised p-4 text-sm"
    >
      <p>{t("chat.againText")}</p>
      <p className="mt-0.5 text-soft">
        {t(price === 0n ? "chat.againFree" : "chat.againPrice", facts)}
      </p>
      <div className="mt-3 flex flex-wrap gap-2">
        <Button
          size="small"
          look="primary"
          autoFocus
          disabled={sent}
          onClick={() => {
            setSent(true);
            onAgain();
          }}
        >
          {t("chat.againSend")}
        </Button>
        <Button size="small" onClick={onClose}>
          {t("common.cancel")}
        </Button>
      </div>
    </section>
  );
}
