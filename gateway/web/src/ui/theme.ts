// The theme that was chosen; /theme.js applies it before the first paint. Without a choice the system's holds.
import { useSyncExternalStore } from "react";
import { recall, remember } from "@/lib/storage";
import { createStore, useStore } from "@/lib/store";

export type Theme = "system" | "light" | "dark";

const stored = recall("theme");
const chosen = createStore<Theme>(stored === "light" || stored === "dark" ? stored : "system");
const dark = matchMedia("(prefers-color-scheme: dark)");

export function setTheme(theme: Theme): void {
  chosen.set(theme);
  remember("theme", theme === "system" ? null : theme);
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

export function useTheme(): Theme {
  return useStore(chosen);
}

function subscribe(listener: () => void): () => void {
  dark.addEventListener("change", listener);
  return () => dark.removeEventListener("change", listener);
}

/** What is seen, the system's taste included. */
export function useIsDark(): boolean {
  const theme = useTheme();
  const system = useSyncExternalStore(subscribe, () => dark.matches);
  return theme === "system" ? system : theme === "dark";
}
