// Whether the sidebar is shown: beside the page, or on a narrow screen as a sheet over it.
import { watchMedia } from "@/lib/browser";
import { recall, remember } from "@/lib/storage";
import { createStore, useStore } from "@/lib/store";

const narrow = watchMedia("(max-width: 767px)");

const docked = createStore(recall("sidebar") !== "closed");
const sheet = createStore(false);

export function useSidebar(): { open: boolean; narrow: boolean } {
  const isNarrow = useStore(narrow);
  const [inPage, over] = [useStore(docked), useStore(sheet)];
  return { open: isNarrow ? over : inPage, narrow: isNarrow };
}

export function toggleSidebar(): void {
  if (narrow.get()) {
    sheet.set(!sheet.get());
    return;
  }
  docked.set(!docked.get());
  remember("sidebar", docked.get() ? null : "closed");
}

export function showSidebar(): void {
  const shown = narrow.get() ? sheet : docked;
  if (!shown.get()) toggleSidebar();
}

/** Closes the sheet after a choice in it. */
export function closeSheet(): void {
  sheet.set(false);
}
