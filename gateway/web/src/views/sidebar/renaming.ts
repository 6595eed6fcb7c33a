import type { Chat } from "@/api/types";
import { createStore } from "@/lib/store";

/** The chat whose title is being changed. */
export const renaming = createStore<Chat | undefined>(undefined);
