import type { Chat } from "@/api/types";
import { createStore } from "@/lib/store";

/** The chat for which a project is being chosen. */
export const moving = createStore<Chat | undefined>(undefined);
