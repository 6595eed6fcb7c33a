// Tells the other tabs of this browser that a chat changed, so that they show it at once.
import { useEffect } from "react";
import { refresh } from "./cache";
import { keys } from "./keys";

const channel = new BroadcastChannel("lc.chats");

export function tellTabs(chat: string): void {
  channel.postMessage(chat);
}

/** Asks anew for a chat that another tab changed. */
export function useTabNews(): void {
  useEffect(() => {
    const listen = ({ data: chat }: MessageEvent<string>) =>
      refresh(keys.chats, keys.chat(chat), keys.messages(chat), keys.balance);
    channel.addEventListener("message", listen);
    return () => channel.removeEventListener("message", listen);
  }, []);
}
