// Work that one tab at a time may do. navigator.locks exists in secure contexts only. Elsewhere an entry in storage is the lock.
import { randomId } from "./random-id";
import { sleep } from "./sleep";
import { recall, remember } from "./storage";

/** A lock ends by itself after this, for its tab may have been closed. In milliseconds. */
const HELD_MS = 5000;

/** Two tabs that begin at once see each other's entry after this. A waiting tab looks as often. In milliseconds. */
const SETTLE_MS = 40;

export async function oneTabAtATime(name: string, work: () => Promise<void>): Promise<void> {
  if (navigator.locks) {
    await navigator.locks.request(`lc.${name}`, work);
    return;
  }
  const key = `lock.${name}`;
  const me = randomId();
  while (!(await take(key, me))) await sleep(SETTLE_MS);
  try {
    await work();
  } finally {
    if (holder(key)?.id === me) remember(key, null);
  }
}

async function take(key: string, me: string): Promise<boolean> {
  if (holder(key)) return false;
  remember(key, `${me} ${Date.now() + HELD_MS}`);
  await sleep(SETTLE_MS);
  return holder(key)?.id === me; // When two tabs wrote at once, the later one has the lock.
}

function holder(key: string): { id: string } | undefined {
  const [id, until] = (recall(key) ?? "").split(" ");
  return id && Number(until) > Date.now() ? { id } : undefined;
}
