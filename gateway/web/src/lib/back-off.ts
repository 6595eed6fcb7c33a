/** The first and the longest wait between two tries, in milliseconds. */
const FIRST_MS = 400;
const LONGEST_MS = 10_000;

/** The wait grows by the power of two. A random part keeps the tabs of all users from returning at once. */
export function backOffMs(tries: number, random = Math.random()): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** tries);
  return full * (0.6 + 0.4 * random);
}

/** Waits, but not longer than until the network comes back. Rejects when the signal fires. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => () => {
      clearTimeout(timer);
      window.removeEventListener("online", wake);
      signal.removeEventListener("abort", stop);
      settle();
    };
    const wake = end(resolve);
    const stop = end(() => reject(signal.reason));
    const timer = setTimeout(wake, milliseconds);
    window.addEventListener("online", wake);
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
  });
}
