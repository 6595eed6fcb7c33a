import { skipToken, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, ask } from "@/api/client";
import { keys } from "@/api/keys";
import type { Message } from "@/api/types";
import { attach } from "@/generation/follow";
import { hasEnded } from "@/generation/outcome";

/** Messages of one answer to the list call: the most that the API gives. */
const PAGE_SIZE = 100;

export function useChat(chat: string | undefined) {
  return useQuery({
    queryKey: keys.chat(chat ?? ""),
    queryFn: chat
      ? ({ signal }) => ask(api.GET("/api/v1/chats/{chat}", { params: { path: { chat } }, signal }))
      : skipToken,
  });
}

export function useMessages(chat: string | undefined) {
  return useQuery({
    queryKey: keys.messages(chat ?? ""),
    queryFn: chat ? ({ signal }) => fetchMessages(chat, signal) : skipToken,
  });
}

async function fetchMessages(chat: string, signal: AbortSignal): Promise<Message[]> {
  const all: Message[] = [];
  let pageToken = "";
  do {
    const query = { pageSize: PAGE_SIZE, ...(pageToken ? { pageToken } : {}) };
    const page = await ask(
      api.GET("/api/v1/chats/{chat}/messages", { params: { path: { chat }, query }, signal }),
    );
    all.push(...page.messages);
    pageToken = page.nextPageToken;
  } while (pageToken);
  return all;
}

/** Goes on watching an answer that is being written, after a reload or from another tab. */
export function useAttach(chat: string): void {
  const client = useQueryClient();
  const running = useChat(chat).data?.runningGeneration;
  const { data: messages, refetch } = useMessages(chat);
  // Of the two answers of the server either may be the older one.
  const generation = running || messages?.findLast(isRunning)?.generation;
  useEffect(() => {
    if (!generation || !messages || hasEnded(generation)) return;
    const stored = messages.findLast((message) => message.generation === generation);
    if (stored) attach(client, chat, generation, stored);
    else void refetch(); // The messages are older than the chat.
  }, [client, chat, generation, messages, refetch]);
}

function isRunning(message: Message): boolean {
  return message.state === "RUNNING";
}
