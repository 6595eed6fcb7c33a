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

/** As recall and remember, for this tab alone; it outlives a reload. */
export function recallInTab(key: string): string | null {
  try {
    return sessionStorage.getItem(PREFIX + key);
  } catch {
    return memory.get(key) ?? null;
  }
}

/** False: it lasts only as long as the page. null forgets the key. */
export function rememberInTab(key: string, value: string | null): boolean {
  try {
    if (value === null) sessionStorage.removeItem(PREFIX + key);
    else sessionStorage.setItem(PREFIX + key, value);
    return true;
  } catch {
    if (value === null) memory.delete(key);
    else memory.set(key, value);
    return false;
  }
}

/** Whether what is written survives a reload. */
export function keepsInTab(): boolean {
  const kept = rememberInTab("probe", "1");
  rememberInTab("probe", null);
  return kept;
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
