import { skipToken, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, ask } from "@/api/client";
import { keys } from "@/api/keys";
import type { Message } from "@/api/types";
import { attach } from "@/generation/follow";
import { hasEnded } from "@/generation/outcome";
import { fetchNewest } from "./load-talk";
import { share, type Talk } from "./talk";

export function useChat(chat: string | undefined) {
  return useQuery({
    queryKey: keys.chat(chat ?? ""),
    queryFn: chat
      ? ({ signal }) => ask(api.GET("/api/v1/chats/{chat}", { params: { path: { chat } }, signal }))
      : skipToken,
  });
}

/** The messages as far as they are loaded: chat/talk.ts has the older ones. */
export function useTalk(chat: string | undefined) {
  return useQuery({
    queryKey: keys.messages(chat ?? ""),
    queryFn: chat
      ? ({ signal, client }) =>
          fetchNewest(chat, client.getQueryData<Talk>(keys.messages(chat)), signal)
      : skipToken,
    structuralSharing: share,
  });
}

/** Goes on watching an answer that is being written, after a reload or from another tab. */
export function useAttach(chat: string): void {
  const client = useQueryClient();
  const running = useChat(chat).data?.runningGeneration;
  const { data: talk, refetch } = useTalk(chat);
  const messages = talk?.messages;
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
