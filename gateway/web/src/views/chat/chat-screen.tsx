import { Suspense, useEffect } from "react";
import { useLocation } from "wouter";
import { toProblem } from "@/api/problem";
import { useChat, useChatActions } from "@/data/chats";
import { setDraft } from "@/data/drafts";
import { liveOf, NEW_CHAT } from "@/generation/running";
import { resume, send } from "@/generation/send";
import { useStore } from "@/lib/store";
import { focusComposerEnd } from "@/ui/focus";
import { lazyView } from "@/ui/lazy-view";
import { Composer } from "@/views/composer/composer";
import { useModelChoice } from "@/views/model/choice";
import { Header } from "@/views/page/header";
import { NotFound } from "@/views/page/not-found";
import { Greeting, Starters } from "./welcome";

const loadConversation = () => import("./conversation");
const Conversation = lazyView(loadConversation);

/** A chat, or the place where one begins. Both have the same composer, which keeps its focus between them. */
export function ChatScreen({ chat }: { chat: string | undefined }) {
  const [, navigate] = useLocation();
  const name = chat ?? NEW_CHAT;
  const creating = useStore(liveOf(NEW_CHAT)) !== undefined;
  const { model } = useModelChoice(chat);
  const talking = chat !== undefined || creating;

  // Loaded now, so that the first answer does not wait for it.
  useEffect(() => void loadConversation(), []);

  // If the reader has left meanwhile, the page stays where it is.
  const onCreated = (made: string) => location.pathname === "/" && navigate(`/chat/${made}`);

  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each chat that is opened.
  useEffect(() => resume(name, onCreated), [name]);

  useMarkRead(chat);

  const ask = (text: string, parent?: string, background = false) => {
    const to = { chat, text, model: model?.id ?? "", background, ...(parent ? { parent } : {}) };
    void send({ ...to, onCreated });
  };

  const begin = (text: string) => {
    setDraft(NEW_CHAT, text);
    focusComposerEnd();
  };

  if (useIsGone(chat)) {
    return (
      <>
        <Header chat={undefined} plain />
        <main id="main" tabIndex={-1} className="flex min-h-0 flex-1 flex-col">
          <NotFound what="chat" />
        </main>
      </>
    );
  }
  return (
    <>
      <Header chat={chat} />
      <main id="main" tabIndex={-1} className="flex min-h-0 flex-1 flex-col">
        {talking ? (
          <Suspense fallback={<div className="flex-1" />}>
            <Conversation key={name} chat={name} onAsk={ask} />
          </Suspense>
        ) : (
          <Greeting />
        )}
        <Composer
          key="composer"
          chat={name}
          onSend={(text, background) => ask(text, undefined, background)}
        />
        {!talking && <Starters onChoose={begin} />}
      </main>
    </>
  );
}

/** An open chat is read. */
function useMarkRead(id: string | undefined): void {
  const { data: chat } = useChat(id);
  const { update } = useChatActions();
  const unread = chat?.unread === true;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each mark.
  useEffect(() => {
    if (unread && chat) update(chat, { unread: false });
  }, [id, unread]);
}

/** Whether there is no such chat. A malformed id is a bad request (400). */
function useIsGone(chat: string | undefined): boolean {
  const { error, data } = useChat(chat);
  const status = error && !data ? toProblem(error).status : 0;
  return status === 404 || status === 400;
}
