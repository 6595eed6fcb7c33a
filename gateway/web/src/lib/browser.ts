// Facts of the browser that components can watch as they watch a store.
import type { Watchable } from "./store";

/** Whether a media query holds. */
export function watchMedia(query: string): Watchable<boolean> {
  const media = matchMedia(query);
  return {
    get: () => media.matches,
    subscribe(listener) {
      media.addEventListener("change", listener);
      return () => media.removeEventListener("change", listener);
    },
  };
}

/** False only when the browser knows that there is no network. */
export const online: Watchable<boolean> = {
  get: () => navigator.onLine,
  subscribe(listener) {
    window.addEventListener("online", listener);
    window.addEventListener("offline", listener);
    return () => {
      window.removeEventListener("online", listener);
      window.removeEventListener("offline", listener);
    };
  },
};

/** The browser saves a file. */
export function saveFile(name: string, file: Blob): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
