// The list of chats, and the actions on a chat. Changes show at once, and go back when the server refuses.
import { type InfiniteData, skipToken, useMutation, useQuery } from "@tanstack/react-query";
import { toProblem } from "@/api/problem";
import type { Chat } from "@/api/types";
import { isolated } from "@/lib/direction";
import { notify } from "@/lib/notify";
import { problemText, t } from "@/words";
import { cache, refresh } from "./cache";
import { api, ask } from "./client";
import { keys } from "./keys";
import { usePages } from "./pages";
import { tellTabs } from "./tabs";
import type { Talk } from "./talk";

interface Page {
  chats: Chat[];
  nextPageToken: string;
}

type Pages = InfiniteData<Page, string>;

/** The chats without a project, or all that are archived. */
export function useChats(archived = false) {
  return usePages(
    keys.chatList(archived),
    (page, signal) =>
      ask(
        api.GET("/api/v1/chats", {
          params: { query: { archived, ...(archived ? {} : { outsideProjects: true }), ...page } },
          signal,
        }),
      ),
    (pages) => pages.some(({ chats }) => chats.some(isAnswering)) && ANSWERING_MS,
  );
}

/** How often the list is asked for while an answer of one of its chats is under way, in milliseconds. */
const ANSWERING_MS = 15_000;

/** The chats of a project that are not archived. */
export function useProjectChats(project: string) {
  return usePages(
    keys.projectChats(project),
    (page, signal) =>
      ask(api.GET("/api/v1/chats", { params: { query: { project, ...page } }, signal })),
    (pages) => pages.some(({ chats }) => chats.some(isAnswering)) && ANSWERING_MS,
  );
}

/** Makes a chat in a project, with the project's model. */
export function useMakeProjectChat(project: string) {
  return useMutation({
    mutationFn: () => ask(api.POST("/api/v1/chats", { body: { project } })),
    onSuccess: (chat) => {
      cache.setQueryData<Chat>(keys.chat(chat.id), chat);
      cache.setQueryData<Talk>(keys.messages(chat.id), { messages: [], older: "" });
      refresh(keys.chats);
    },
  });
}

function isAnswering(chat: Chat): boolean {
  return chat.runningGeneration !== "";
}

export function useChat(chat: string | undefined) {
  return useQuery({
    queryKey: keys.chat(chat ?? ""),
    queryFn: chat
      ? ({ signal }) => ask(api.GET("/api/v1/chats/{chat}", { params: { path: { chat } }, signal }))
      : skipToken,
  });
}

export function titleOf(chat: Pick<Chat, "title">): string {
  return isolated(chat.title) || t("chats.untitled");
}

/** Chats whose first message the server did not take yet. */
const created = new Map<string, Chat>();

/** Makes a chat. The list shows it once it has a message. */
export async function createChat(model: string): Promise<Chat> {
  const chat = await ask(api.POST("/api/v1/chats", { body: model ? { model } : {} }));
  created.set(chat.id, chat);
  cache.setQueryData<Chat>(keys.chat(chat.id), chat);
  cache.setQueryData<Talk>(keys.messages(chat.id), { messages: [], older: "" });
  return chat;
}

export function showCreated(id: string): void {
  const chat = created.get(id);
  created.delete(id);
  if (!chat) {
    refresh(keys.chats); // It was made before a reload.
    return;
  }
  cache.setQueryData<Pages>(keys.chatList(false), (old) => old && insert(old, chat));
}

/** Deletes a chat whose first message was refused: an empty chat is of no use. */
export async function discardChat(id: string): Promise<void> {
  created.delete(id);
  const params = { path: { chat: id } };
  await api.DELETE("/api/v1/chats/{chat}", { params }).catch(() => undefined);
}

/** Puts the chat before the first one that is not pinned. */
function insert(pages: Pages, chat: Chat): Pages {
  const [first, ...rest] = pages.pages;
  if (!first) return pages;
  const at = first.chats.findIndex((other) => !other.pinned);
  const chats = first.chats.toSpliced(at < 0 ? first.chats.length : at, 0, chat);
  return { ...pages, pages: [{ ...first, chats }, ...rest] };
}

/** Changes a chat in a list. A `change` that returns undefined removes it. */
function replace(pages: Pages, id: string, change: (chat: Chat) => Chat | undefined): Pages {
  const edit = (chat: Chat) => (chat.id === id ? change(chat) : chat);
  return {
    ...pages,
    pages: pages.pages.map((page) => ({
      ...page,
      chats: page.chats.map(edit).filter((chat) => chat !== undefined),
    })),
  };
}

type ChatChange = Partial<
  Pick<Chat, "title" | "pinned" | "archived" | "model" | "unread" | "project">
>;

export function useChatActions() {
  const settle = (id: string) => {
    refresh(keys.chats, keys.chat(id));
    tellTabs(id);
  };
  const say = (thrown: unknown) => {
    notify({
      text: t("chats.notDone", { reason: problemText(toProblem(thrown)) }),
      isError: true,
    });
  };

  const show = (id: string, change: (chat: Chat) => Chat | undefined) => {
    for (const archived of [false, true]) {
      cache.setQueryData<Pages>(keys.chatList(archived), (old) => old && replace(old, id, change));
    }
  };

  const update = useMutation({
    mutationFn: ({ chat, change }: { chat: Chat; change: ChatChange }) =>
      ask(api.PATCH("/api/v1/chats/{chat}", { params: { path: { chat: chat.id } }, body: change })),
    onMutate: async ({ chat, change }) => {
      await cache.cancelQueries({ queryKey: keys.chats });
      const leaves = change.archived !== undefined || change.project !== undefined;
      show(chat.id, (old) => (leaves ? undefined : { ...old, ...change }));
      cache.setQueryData<Chat>(keys.chat(chat.id), (old) => old && { ...old, ...change });
    },
    onSuccess: (_data, { chat, change }) => {
      if (!change.archived) return;
      notify({
        text: t("chats.archived", { title: titleOf(chat) }),
        action: {
          label: t("common.undo"),
          onClick: () => update.mutate({ chat, change: { archived: false } }),
        },
      });
    },
    onError: say,
    onSettled: (_data, _error, { chat }) => settle(chat.id),
  });

  const undelete = useMutation({
    mutationFn: (chat: Chat) =>
      ask(api.POST("/api/v1/chats/{chat}:undelete", { params: { path: { chat: chat.id } } })),
    onSuccess: (chat) => {
      cache.setQueryData<Chat>(keys.chat(chat.id), chat);
      notify({ text: t("chats.restored", { title: titleOf(chat) }) });
    },
    onError: say,
    onSettled: (_data, _error, chat) => {
      settle(chat.id);
      refresh(keys.messages(chat.id));
    },
  });

  const remove = useMutation({
    mutationFn: (chat: Chat) =>
      ask(api.DELETE("/api/v1/chats/{chat}", { params: { path: { chat: chat.id } } })),
    onMutate: async (chat) => {
      await cache.cancelQueries({ queryKey: keys.chats });
      show(chat.id, () => undefined);
    },
    onSuccess: (_data, chat) => {
      cache.removeQueries({ queryKey: keys.chat(chat.id) });
      cache.removeQueries({ queryKey: keys.messages(chat.id) });
      notify({
        text: t("chats.deleted", { title: titleOf(chat) }),
        action: { label: t("common.undo"), onClick: () => undelete.mutate(chat) },
      });
    },
    onError: say,
    onSettled: (_data, _error, chat) => settle(chat.id),
  });

  return {
    update: (chat: Chat, change: ChatChange) => update.mutate({ chat, change }),
    remove: (chat: Chat) => remove.mutate(chat),
  };
}
