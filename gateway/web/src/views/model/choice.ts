// The model of the next message: the chat's own, or the one that was chosen last.
import type { Model } from "@/api/types";
import { useChat, useChatActions } from "@/data/chats";
import { pricesOf, useModels } from "@/data/models";
import { formatCredits, micro, tiersOf } from "@/lib/money";
import { recall, remember } from "@/lib/storage";
import { createStore, useStore } from "@/lib/store";
import { creditsText, t } from "@/words";

const lastChosen = createStore(recall("model") ?? "");

interface ModelChoice {
  models: Model[] | undefined;
  model: Model | undefined;
  choose: (id: string) => void;
}

export function useModelChoice(chatId: string | undefined): ModelChoice {
  const { data: models } = useModels();
  const { data: chat } = useChat(chatId);
  const { update } = useChatActions();
  const last = useStore(lastChosen);
  const wanted = [chat?.model, last].filter(Boolean);
  const model =
    wanted.map((id) => models?.find((one) => one.id === id)).find(Boolean) ?? models?.[0];
  const choose = (id: string) => {
    lastChosen.set(id);
    remember("model", id);
    if (chat && chat.model !== id) update(chat, { model: id });
  };
  return { models, model, choose };
}

/** What differs from the price by the message and for tokens in and out, one text each. */
export function priceDetails(model: Model): string[] {
  const price = model.price?.components ?? [];
  const details: string[] = price
    .filter(
      ({ dimension, fromPromptTokens }) =>
        fromPromptTokens === "0" && dimension && dimension in EXTRAS,
    )
    .map(({ dimension, microcredits }) =>
      t(EXTRAS[dimension as keyof typeof EXTRAS], { price: formatCredits(micro(microcredits)) }),
    );
  for (const from of tiersOf(price)) {
    const { perMessage, input, output } = pricesOf(model, from + 1);
    const parts = perMessage > 0n ? [`${creditsText(perMessage)} ${t("credits.aMessage")}`] : [];
    parts.push(t("credits.inOut", { input: formatCredits(input), output: formatCredits(output) }));
    details.push(
      t("credits.above", { tokens: from.toLocaleString("en"), price: parts.join(" + ") }),
    );
  }
  return details;
}

const EXTRAS = {
  CACHED_INPUT: "credits.cached",
  CACHE_WRITE_5M: "credits.cacheWrite",
  CACHE_WRITE_1H: "credits.cacheWriteHour",
  IMAGE_INPUT: "credits.imageIn",
  REASONING: "credits.reasoning",
  IMAGE: "credits.image",
  AUDIO_SECOND: "credits.second",
  TOOL_CALL: "credits.call",
} as const;

/** "2 credits a message", "125 in / 1,000 out per million tokens", or both; and where more is asked. */
export function priceText(model: Model): string {
  const { perMessage, input, output } = pricesOf(model);
  const parts = [];
  if (perMessage > 0n) parts.push(`${creditsText(perMessage)} ${t("credits.aMessage")}`);
  if (input > 0n || output > 0n) {
    const rates = { input: formatCredits(input), output: formatCredits(output) };
    parts.push(t("credits.perMillion", rates));
  }
  if (parts.length > 0) return parts.join(" + ");
  return priceDetails(model)[0] ?? t("credits.free");
}
