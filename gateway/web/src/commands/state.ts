// Which of the windows that a key opens is open.
import { recallInTab, rememberInTab } from "@/lib/storage";
import { createStore } from "@/lib/store";

export type Window = "none" | "commands" | "shortcuts";

/** What was open when the page had to be loaded anew is open again. */
const before = recallInTab("window");
rememberInTab("window", null);

export const openWindow = createStore<Window>(
  before === "commands" || before === "shortcuts" ? before : "none",
);

export const openCommands = () => openWindow.set("commands");
export const openShortcuts = () => openWindow.set("shortcuts");
export const closeWindow = () => openWindow.set("none");
