// Many chats at once: archived, deleted, pinned, brought back. Each change shows at once, and its note can undo it.
import { type InfiniteData, useMutation } from "@tanstack/react-query";
import { toProblem } from "@/api/problem";
import type { Chat } from "@/api/types";
import { notify } from "@/lib/notify";
import { problemText, t } from "@/words";
import { cache, refresh } from "./cache";
import { api, ask } from "./client";
import { keys } from "./keys";
import { usePages } from "./pages";
import { tellTabs } from "./tabs";

type Action = "DELETE" | "UNDELETE" | "ARCHIVE" | "UNARCHIVE" | "PIN" | "UNPIN" | "ERASE";

interface Change {
  action: Action;
  /** Absent: of a former change, or all that the action applies to. */
  chats?: string[];
  change?: string;
}

/** Ids of one request, at most: the server's default of limits.chats_per_change. */
export const CHANGE_MAX = 500;

/** Chats in the bin, the last deleted first. */
export function useBin() {
  return usePages(keys.bin, (page, signal) =>
    ask(api.GET("/api/v1/chats", { params: { query: { deleted: true, ...page } }, signal })),
  );
}

const LEAVES: ReadonlySet<Action> = new Set([
  "DELETE",
  "UNDELETE",
  "ARCHIVE",
  "UNARCHIVE",
  "ERASE",
]);

const UNDO: Partial<Record<Action, Action>> = { DELETE: "UNDELETE", ARCHIVE: "UNARCHIVE" };

export function useChangeChats() {
  const { mutate, isPending } = useMutation({
    mutationFn: ({ action, chats, change }: Change) =>
      ask(
        api.POST("/api/v1/chats:change", {
          body: { action, ...(chats ? { chats } : change ? { change } : { all: true }) },
        }),
      ),
    onMutate: async ({ action, chats }) => {
      await cache.cancelQueries({ queryKey: keys.chats });
      if (chats && LEAVES.has(action)) leave(new Set(chats));
    },
    onSuccess: ({ changed, change }, { action }) => say(action, changed, change),
    onError: (thrown) =>
      notify({
        text: t("chats.notDone", { reason: problemText(toProblem(thrown)) }),
        isError: true,
      }),
    onSettled: (_data, _error, { chats = [] }) => {
      refresh(keys.chats);
      for (const chat of chats) refresh(keys.chat(chat));
      tellTabs("");
    },
  });

  const say = (action: Action, changed: number, change: string) => {
    const undo = UNDO[action];
    notify({
      text: t(`change.${action}`, { count: changed }),
      ...(undo && change
        ? {
            action: {
              label: t("common.undo"),
              onClick: () => mutate({ action: undo, change }),
            },
          }
        : {}),
    });
  };

  return { change: mutate, busy: isPending };
}

interface Page {
  chats: Chat[];
  nextPageToken: string;
}

/** Takes chats out of each list, before the server has answered. */
function leave(ids: ReadonlySet<string>): void {
  for (const queryKey of [keys.chatList(false), keys.chatList(true), keys.bin]) {
    cache.setQueryData<InfiniteData<Page, string>>(
      queryKey,
      (old) =>
        old && {
          ...old,
          pages: old.pages.map((page) => ({
            ...page,
            chats: page.chats.filter(({ id }) => !ids.has(id)),
          })),
        },
    );
  }
}
