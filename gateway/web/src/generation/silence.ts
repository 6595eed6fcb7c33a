// A silent connection may be dead, or the model may be slow. The server is asked which of the two it is.

/** A connection without a byte for so long is dead, for a heartbeat comes every 15 s. In milliseconds. */
const DEAD_MS = 45_000;

/** After so long without an event the page asks for the answer's state. In milliseconds. */
const ASK_MS = 15_000;

/** How often the page compares both times with the clock, in milliseconds. */
const LOOK_MS = 1000;

interface Watcher {
  heardBytes(): void;
  heardEvent(): void;
  end(): void;
}

/** `isRunning` asks the server, and throws when the server does not answer. `drop` ends the connection. */
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
