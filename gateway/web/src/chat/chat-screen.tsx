import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect } from "react";
import { useLocation } from "wouter";
import { Composer } from "@/composer/composer";
import { setDraft } from "@/composer/draft";
import { send } from "@/generation/follow";
import { liveOf, NEW_CHAT } from "@/generation/running";
import { Header } from "@/header/header";
import { useStore } from "@/lib/store";
import { useModelChoice } from "@/model/choice";
import { Greeting, Starters } from "./welcome";

const loadConversation = () => import("./conversation");
const Conversation = lazy(loadConversation);

/** A chat, or the place where one begins. The composer is the same, so that it keeps its focus in between. */
export function ChatScreen({ chat }: { chat: string | undefined }) {
  const client = useQueryClient();
  const [, navigate] = useLocation();
  const name = chat ?? NEW_CHAT;
  const creating = useStore(liveOf(NEW_CHAT)) !== undefined;
  const { model } = useModelChoice(chat);
  const talking = chat !== undefined || creating;

  // The first answer should not wait for the code that shows it.
  useEffect(() => void loadConversation(), []);

  const ask = (text: string, parent?: string) => {
    setDraft(name, "");
    void send(client, {
      chat,
      text,
      model: model?.id ?? "",
      ...(parent ? { parent } : {}),
      onCreated: (made) => navigate(`/chat/${made.id}`, { replace: false }),
    });
  };

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
        <Composer key="composer" chat={name} onSend={ask} />
        {!talking && <Starters onChoose={(text) => setDraft(NEW_CHAT, text)} />}
      </main>
    </>
  );
}
