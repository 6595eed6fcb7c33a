// The browser's storage, which may be switched off or full: then what is remembered lasts as long as the page.

/** Every key of ours begins so. */
const PREFIX = "lc.";

/** `storage` is asked for anew each time: where it is switched off, the question itself throws. */
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
    /** False: it lasts only as long as the page. null forgets the key. */
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
    /** Forgets every key that begins so. */
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

/** For this tab alone; it outlives a reload. */
export const { recall: recallInTab, remember: rememberInTab } = shelf(() => sessionStorage);

/** Whether what is written for this tab survives a reload. */
export function keepsInTab(): boolean {
  const kept = rememberInTab("probe", "1");
  rememberInTab("probe", null);
  return kept;
}
