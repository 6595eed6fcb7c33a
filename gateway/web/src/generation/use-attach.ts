import { useEffect } from "react";
import type { Message } from "@/api/types";
import { useChat } from "@/data/chats";
import { useTalk } from "@/data/messages";
import { hasEnded } from "./outcome";
import { attach } from "./send";

/** Goes on watching an answer that is being written, after a reload or from another tab. */
export function useAttach(chat: string): void {
  const running = useChat(chat).data?.runningGeneration;
  const { data: talk, refetch } = useTalk(chat);
  const messages = talk?.messages;
  // The server answered two questions, and either answer may be the older one.
  const generation = running || messages?.findLast(isRunning)?.generation;
  useEffect(() => {
    if (!generation || !messages || hasEnded(generation)) return;
    const stored = messages.findLast((message) => message.generation === generation);
    if (stored) attach(chat, generation, stored);
    else void refetch(); // The messages were asked for before the chat.
  }, [chat, generation, messages, refetch]);
}

function isRunning(message: Message): boolean {
  return message.state === "RUNNING";
}
