// Tells the other tabs of this browser that a chat changed, so that they show the same without being asked to.
const channel = new BroadcastChannel("lc.chats");

export function tellTabs(chat: string): void {
  channel.postMessage(chat);
}

export function onTabNews(listener: (chat: string) => void): () => void {
  const handle = (event: MessageEvent<string>) => listener(event.data);
  channel.addEventListener("message", handle);
  return () => channel.removeEventListener("message", handle);
}
