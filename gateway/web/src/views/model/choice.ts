// Which model the next message goes to: the chat's own, or the one that was chosen last.
import { useQuery } from "@tanstack/react-query";
import { api, ask } from "@/api/client";
import { keys } from "@/api/keys";
import type { Model } from "@/api/types";
import { formatCredits, micro } from "@/lib/money";
import { recall, remember } from "@/lib/storage";
import { createStore, useStore } from "@/lib/store";
import { useChat } from "@/views/chat/queries";
import { useChatActions } from "@/views/sidebar/chats";
import { creditsText, t } from "@/words";

const lastChosen = createStore(recall("model") ?? "");

/** The catalogue changes with a deployment, not while somebody reads; in milliseconds. */
const CATALOGUE_FRESH_MS = 5 * 60_000;
/** … unless it is empty: then the server of the models is still awaited. */
const CATALOGUE_EMPTY_MS = 3_000;

export function useModels() {
  return useQuery({
    queryKey: keys.models,
    queryFn: async ({ signal }) => (await ask(api.GET("/api/v1/models", { signal }))).models,
    staleTime: CATALOGUE_FRESH_MS,
    refetchInterval: (query) => (query.state.data?.length === 0 ? CATALOGUE_EMPTY_MS : false),
  });
}

export interface ModelChoice {
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

export function pricesOf(model: Model) {
  return {
    perMessage: micro(model.price?.perMessage),
    inputPer1k: micro(model.price?.inputPer1k),
    outputPer1k: micro(model.price?.outputPer1k),
  };
}
