// The browser's storage. When it is switched off or full, values last only as long as the page.

/** Every key of the page begins so. */
const PREFIX = "lc.";

/** `storage` is a function, because reading window.localStorage throws where storage is switched off. */
function shelf(storage: () => Storage) {
  const memory = new Map<string, string>();
  return {
    recall(key: string): string | null {
      try {
        return storage().getItem(PREFIX + key);
      } catch {
        return memory.get(key) ?? null;
      }
    },
    /** null forgets the key. False: the value lasts only as long as the page. */
    remember(key: string, value: string | null): boolean {
      try {
        if (value === null) storage().removeItem(PREFIX + key);
        else storage().setItem(PREFIX + key, value);
        return true;
      } catch {
        if (value === null) memory.delete(key);
        else memory.set(key, value);
        return false;
      }
    },
    /** Forgets every key with this beginning. */
    forgetAll(beginning: string): void {
      try {
        for (const key of Object.keys(storage())) {
          if (key.startsWith(PREFIX + beginning)) storage().removeItem(key);
        }
      } catch {
        for (const key of memory.keys()) if (key.startsWith(beginning)) memory.delete(key);
      }
    },
  };
}

export const { recall, remember, forgetAll } = shelf(() => localStorage);

/** The same for this tab alone. Its values outlive a reload. */
export const { recall: recallInTab, remember: rememberInTab } = shelf(() => sessionStorage);

/** Whether the tab's values outlive a reload. */
export function keepsInTab(): boolean {
  const kept = rememberInTab("probe", "1");
  rememberInTab("probe", null);
  return kept;
}
