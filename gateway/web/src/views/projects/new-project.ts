import { createStore } from "@/lib/store";

/** Whether the window for a new project is open. */
export const newProject = createStore(false);
