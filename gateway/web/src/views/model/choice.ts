// The model of the next message: the chat's own, or the one that was chosen last.
import type { Model } from "@/api/types";
import { useChat, useChatActions } from "@/data/chats";
import { pricesOf, useModels } from "@/data/models";
import { formatCredits } from "@/lib/money";
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

/** "2 credits a message", "0.5 in / 1.5 out per 1k tokens", or both. */
export function priceText(model: Model): string {
  const { perMessage, inputPer1k, outputPer1k } = pricesOf(model);
  const parts = [];
  if (perMessage > 0n) parts.push(`${creditsText(perMessage)} ${t("credits.aMessage")}`);
  if (inputPer1k > 0n || outputPer1k > 0n) {
    const [input, output] = [formatCredits(inputPer1k), formatCredits(outputPer1k)];
    parts.push(t("credits.per1k", { input, output }));
  }
  return parts.join(" + ") || t("credits.free");
}
