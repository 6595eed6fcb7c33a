// Which of the windows that a key opens is open.
import { createStore } from "@/lib/store";

export type Window = "none" | "commands" | "shortcuts";

export const openWindow = createStore<Window>("none");

export const openCommands = () => openWindow.set("commands");
export const openShortcuts = () => openWindow.set("shortcuts");
export const closeWindow = () => openWindow.set("none");
