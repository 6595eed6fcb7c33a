// A worker does the work that could hold up the page, one job after the other. A job that takes too long ends with its
// worker, and the next job gets a new worker.

export type Handler = (event: MessageEvent) => void;

/** The part of a worker's interface that is used here. A frame has it too. */
export interface Worklike {
  postMessage(job: unknown): void;
  terminate(): void;
  onmessage: Handler | null;
  onerror: ((event: ErrorEvent) => void) | null;
  onmessageerror: ((event: MessageEvent) => void) | null;
}

/** How long a worker may take to load, in milliseconds. */
const LOAD_MAX_MS = 20_000;

interface Order<Job, Result> {
  job: Job;
  done: (result: Result | undefined) => void;
}

/** The result is undefined when the job failed or took longer than `maxMs`. */
type Workshop<Job, Result> = (job: Job) => Promise<Result | undefined>;

/** A worker posts "ready" once it is loaded. The time of a job begins then. */
export function createWorkshop<Job, Result>(
  start: () => Worklike,
  maxMs: number,
): Workshop<Job, Result> {
  const waiting: Order<Job, Result>[] = [];
  let current: Order<Job, Result> | undefined;
  let worker: Worklike | undefined;
  let isReady = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const finish = (result: Result | undefined) => {
    clearTimeout(timer);
    const order = current;
    current = undefined;
    order?.done(result);
    next();
  };
  const giveUp = () => {
    worker?.terminate();
    worker = undefined;
    isReady = false;
    finish(undefined);
  };
  const hand = () => {
    if (!current || !isReady) return;
    worker?.postMessage(current.job);
    timer = setTimeout(giveUp, maxMs);
  };
  const hire = () => {
    worker = start();
    timer = setTimeout(giveUp, LOAD_MAX_MS);
    worker.onmessage = ({ data }) => {
      if (data !== "ready") return finish(data as Result);
      isReady = true;
      clearTimeout(timer);
      hand();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      giveUp();
    };
    worker.onmessageerror = giveUp;
  };
  const next = () => {
    if (current) return;
    current = waiting.shift();
    if (!current) return;
    if (!worker) hire();
    hand();
  };
  return (job) =>
    new Promise((done) => {
      waiting.push({ job, done });
      next();
    });
}
