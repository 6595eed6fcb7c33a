// Which of the windows that a key opens is open.
import { recallInTab, rememberInTab } from "@/lib/storage";
import { createStore } from "@/lib/store";

type Window = "none" | "commands" | "shortcuts";

/** The palette opens again when it was open as the page had to be loaded anew. */
const before = recallInTab("window");
rememberInTab("window", null);

export const openWindow = createStore<Window>(
  before === "commands" || before === "shortcuts" ? before : "none",
);

export const openCommands = () => openWindow.set("commands");
export const openShortcuts = () => openWindow.set("shortcuts");
export const closeWindow = () => openWindow.set("none");
