import { type DragEvent, useState } from "react";
import type { Chat } from "@/api/types";
import { titleOf, useChatActions } from "@/data/chats";
import { notify } from "@/lib/notify";
import { createStore, useStore } from "@/lib/store";
import { t } from "@/words";

/** The chat that the pointer drags. Its menu has the same move for the keyboard and for touch. */
const dragged = createStore<Chat | undefined>(undefined);

/** Gives a chat another project, and offers the way back. "" is no project. */
export function useMove() {
  const { update } = useChatActions();
  return (chat: Chat, project: string) => {
    if (project === chat.project) return;
    update(chat, { project });
    notify({
      text: t("projects.moveMade", { title: titleOf(chat) }),
      action: {
        label: t("common.undo"),
        onClick: () => update({ ...chat, project }, { project: chat.project }),
      },
    });
  };
}

/** For the row of a chat that can be dragged. */
export function dragOf(chat: Chat) {
  return {
    draggable: true,
    onDragStart: (event: DragEvent) => {
      event.dataTransfer.effectAllowed = "move";
      dragged.set(chat);
    },
    onDragEnd: () => dragged.set(undefined),
  };
}

/** For a place where chats may be dropped into this project, or with "" out of theirs. */
export function useDrop(project: string) {
  const move = useMove();
  const chat = useStore(dragged);
  const [over, setOver] = useState(false);
  const takes = chat !== undefined && chat.project !== project;
  return {
    over: over && takes,
    handlers: {
      onDragOver: (event: DragEvent) => {
        if (!takes) return;
        event.preventDefault();
        setOver(true);
      },
      onDragLeave: () => setOver(false),
      onDrop: (event: DragEvent) => {
        if (!takes) return;
        event.preventDefault();
        setOver(false);
        dragged.set(undefined);
        move(chat, project);
      },
    },
  };
}
