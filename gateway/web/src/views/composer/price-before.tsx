import { useMemo } from "react";
import type { Model } from "@/api/types";
import { useBalance } from "@/data/credits";
import { useEstimate } from "@/data/estimate";
import { useTalk } from "@/data/messages";
import { busyChats, NEW_CHAT } from "@/generation/running";
import { estimateTokens, micro, upperBound } from "@/lib/money";
import { useStore } from "@/lib/store";
import { useModelChoice } from "@/views/model/choice";
import { creditsText, t } from "@/words";

/** The server's estimate of the next message. The page does not ask while an answer is written. */
export function useNext(chat: string | undefined, text: string) {
  const { model } = useModelChoice(chat);
  const busy = useStore(busyChats).has(chat ?? NEW_CHAT);
  return useEstimate(chat, model?.id, text, busy);
}

/** Tokens of the prompt by the server, or until it answers by a guess from the loaded messages and this text. */
function useInputTokens(chat: string | undefined, text: string): number {
  const { data } = useTalk(chat);
  const estimate = useNext(chat, text);
  const history = useMemo(
    () => data?.messages.reduce((sum, message) => sum + message.text.length, 0) ?? 0,
    [data],
  );
  return estimate?.promptTokens ?? estimateTokens(history + text.length);
}

function priceWith(model: Model, tokens: number): bigint | undefined {
  if (!model.price) return undefined;
  const input = Math.min(tokens, model.contextWindow || Infinity);
  return upperBound(model.price.components, input, model.maxOutputTokens);
}

/** The most that the next message can cost. */
export function usePriceBefore(chat: string, text: string): bigint | undefined {
  const id = chat === NEW_CHAT ? undefined : chat;
  const { model } = useModelChoice(id);
  const estimate = useNext(id, text);
  const tokens = useInputTokens(id, text);
  if (estimate) return micro(estimate.price);
  return model && priceWith(model, tokens);
}

export interface Shortfall {
  price: bigint;
  available: bigint;
  /** The dearest model that the balance covers, and the most that this message costs with it. */
  cheaper: { model: Model; price: bigint } | undefined;
  choose: (model: string) => void;
}

/** Set when the balance does not cover this text, by the page's guess. The server decides. */
export function useShortfall(chat: string, text: string): Shortfall | undefined {
  const id = chat === NEW_CHAT ? undefined : chat;
  const { data: balance } = useBalance();
  const { models = [], choose } = useModelChoice(id);
  const tokens = useInputTokens(id, text);
  const price = usePriceBefore(chat, text);
  const available = micro(balance?.available);
  if (price === undefined || !balance || price <= available) return undefined;
  const cheaper = models
    .map((model) => ({ model, price: priceWith(model, tokens) ?? available + 1n }))
    .filter((one) => one.price <= available)
    .reduce<Shortfall["cheaper"]>(
      (best, one) => (best && best.price >= one.price ? best : one),
      undefined,
    );
  return { price, available, cheaper, choose };
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
