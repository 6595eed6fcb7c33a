import type { Chat } from "@/api/types";
import { createStore } from "@/lib/store";

/** The chat whose link is made or changed. */
export const sharing = createStore<Pick<Chat, "id" | "title"> | undefined>(undefined);
