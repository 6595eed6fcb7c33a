// The window that is open over the page: one at most. Keys, menus and buttons open it.
import { recallInTab, rememberInTab } from "@/lib/storage";
import { createStore } from "@/lib/store";

type Window = "none" | "commands" | "shortcuts";

/** A window that was open when the page had to reload opens again. */
const before = recallInTab("window");
rememberInTab("window", null);

export const openWindow = createStore<Window>(
  before === "commands" || before === "shortcuts" ? before : "none",
);

export const openCommands = () => openWindow.set("commands");
export const openShortcuts = () => openWindow.set("shortcuts");
export const closeWindow = () => openWindow.set("none");
