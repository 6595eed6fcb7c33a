// One tab at a time. navigator.locks exists in secure contexts only; elsewhere a note in storage does.
import { randomId } from "./random-id";
import { sleep } from "./sleep";
import { recall, remember } from "./storage";

/** A tab that was closed in the middle stops nobody for longer, in milliseconds. */
const HELD_MS = 5000;

/** How long two tabs that begin at once need to see each other, and how often a waiting one looks. In milliseconds. */
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
  return holder(key)?.id === me; // Of two that wrote at once the later one has it.
}

function holder(key: string): { id: string } | undefined {
  const [id, until] = (recall(key) ?? "").split(" ");
  return id && Number(until) > Date.now() ? { id } : undefined;
}
