// A connection that says nothing may be dead, or its answer slow to think: which of them, the server is asked.

/** No byte for so long, where a heartbeat comes every 15 s: the connection is dead. In milliseconds. */
const DEAD_MS = 45_000;

/** No event for so long: the answer's state is asked for. In milliseconds. */
const ASK_MS = 15_000;

/** How often the clocks are looked at, in milliseconds. */
const LOOK_MS = 1000;

interface Watcher {
  heardBytes(): void;
  heardEvent(): void;
  end(): void;
}

/** `isRunning` asks the server, and throws when that does not answer. `drop` ends the connection. */
export function watchSilence(isRunning: () => Promise<boolean>, drop: () => void): Watcher {
  let bytes = Date.now();
  let event = Date.now();
  let asking = false;
  const ask = async () => {
    asking = true;
    const running = await isRunning().catch(() => false);
    asking = false;
    if (running) event = Date.now();
    else drop();
  };
  const timer = setInterval(() => {
    const now = Date.now();
    if (now - bytes > DEAD_MS) drop();
    else if (now - event > ASK_MS && !asking) void ask();
  }, LOOK_MS);
  return {
    heardBytes: () => {
      bytes = Date.now();
    },
    heardEvent: () => {
      event = Date.now();
    },
    end: () => clearInterval(timer),
  };
}
