// The chosen theme. /theme.js applies it before the first paint. Without a choice the system's theme holds.
import { watchMedia } from "@/lib/browser";
import { recall, remember } from "@/lib/storage";
import { createStore, useStore } from "@/lib/store";

export type Theme = "system" | "light" | "dark";

const stored = recall("theme");
const chosen = createStore<Theme>(stored === "light" || stored === "dark" ? stored : "system");
const systemIsDark = watchMedia("(prefers-color-scheme: dark)");

export function setTheme(theme: Theme): void {
  chosen.set(theme);
  remember("theme", theme === "system" ? null : theme);
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/** While the page is made ready for paper it is light. */
const paper = createStore(false);

export function setPaper(on: boolean): void {
  paper.set(on);
  if (on) document.documentElement.dataset.theme = "light";
  else setTheme(chosen.get());
}

export function useTheme(): Theme {
  return useStore(chosen);
}

/** Whether the page is dark, by the reader's choice or by the system's. */
export function useIsDark(): boolean {
  const theme = useTheme();
  const system = useStore(systemIsDark);
  if (useStore(paper)) return false;
  return theme === "system" ? system : theme === "dark";
}
