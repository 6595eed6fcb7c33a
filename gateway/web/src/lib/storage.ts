// localStorage that may be switched off or full: then what is remembered lasts as long as the page.
const memory = new Map<string, string>();

/** Every key of ours begins so. */
const PREFIX = "lc.";

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return memory.get(key) ?? null;
  }
}

/** null forgets the key. */
export function remember(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(PREFIX + key);
    else localStorage.setItem(PREFIX + key, value);
  } catch {
    if (value === null) memory.delete(key);
    else memory.set(key, value);
  }
}

/** Forgets every key that begins so. */
export function forgetAll(beginning: string): void {
  try {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(PREFIX + beginning)) localStorage.removeItem(key);
    }
  } catch {
    for (const key of memory.keys()) if (key.startsWith(beginning)) memory.delete(key);
  }
}
