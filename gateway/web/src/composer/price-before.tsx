import { useMessages } from "@/chat/queries";
import { NEW_CHAT } from "@/generation/running";
import { estimateTokens, upperBound } from "@/lib/money";
import { useModelChoice } from "@/model/choice";
import { creditsText, t } from "@/words";

/** The most that the next message can cost. */
export function usePriceBefore(chat: string, text: string): bigint | undefined {
  const id = chat === NEW_CHAT ? undefined : chat;
  const { model } = useModelChoice(id);
  const { data: messages } = useMessages(id);
  if (!model?.price) return undefined;
  const history = messages?.reduce((sum, message) => sum + message.text.length, 0) ?? 0;
  const input = Math.min(estimateTokens(history + text.length), model.contextWindow || Infinity);
  return upperBound(model.price, input, model.maxOutputTokens);
}

export function PriceBefore({ chat, text }: { chat: string; text: string }) {
  const price = usePriceBefore(chat, text);
  if (price === undefined) return null;
  return (
    <span className="shrink-0 text-[13px] text-muted">
      {price === 0n ? t("credits.free") : t("credits.upTo", { price: creditsText(price) })}
    </span>
  );
}
