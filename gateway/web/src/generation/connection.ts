// The calls for one message: send it, follow its answer, ask for its state, stop it.
import { isSessionLost, problemOf, toProblem } from "@/api/problem";
import { createChat } from "@/data/chats";
import { api, ask } from "@/data/client";
import { backOffMs, pause } from "@/lib/back-off";
import { notify } from "@/lib/notify";
import { problemText, t } from "@/words";
import { keepPending } from "./pending";
import { type Run, runs, show } from "./run";

/** Sends the message, or follows its answer from the page's position. Null: the server has no more events (204). */
export async function open(
  run: Run,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array> | null> {
  const { live } = run;
  const common = { parseAs: "stream", signal } as const;
  if (live.accepted) {
    const headers = new Headers({ accept: "text/event-stream" });
    if (live.cursor) headers.set("last-event-id", live.cursor);
    const params = { path: { generation: live.accepted.generation } };
    return stream(
      api.GET("/api/v1/generations/{generation}/events", { params, headers, ...common }),
    );
  }
  const body = {
    text: live.question,
    ...(live.background ? { mode: "BACKGROUND" as const } : {}),
    ...(live.model ? { model: live.model } : {}),
    ...(live.parent ? { parent: live.parent } : {}),
  };
  run.chat ??= await makeChat(run);
  const { chat } = run;
  return stream(
    api.POST("/api/v1/chats/{chat}:generate", {
      params: { path: { chat } },
      headers: { accept: "text/event-stream", "idempotency-key": live.key },
      body,
      ...common,
    }),
  );
}

async function makeChat({ live, name }: Run): Promise<string> {
  const { id } = await createChat(live.model);
  keepPending(name, live, id);
  return id;
}

async function stream(
  call: Promise<{ data?: unknown; error?: unknown; response: Response }>,
): Promise<ReadableStream<Uint8Array> | null> {
  const { error, response } = await call;
  if (!response.ok) throw problemOf(error, response);
  return response.status === 204 ? null : response.body;
}

const ENDED = new Set<string>(["DONE", "CANCELLED", "FAILED", "DEAD"]);

/** Asks the server whether the answer is still being written. */
export async function isRunning({ live, control: { signal } }: Run): Promise<boolean> {
  if (!live.accepted) return true;
  const params = { path: { generation: live.accepted.generation } };
  const { state } = await ask(api.GET("/api/v1/generations/{generation}", { params, signal }));
  return !ENDED.has(state ?? "");
}

/** Stops the answer on the server. It tries until the server confirms, or the answer is over. */
export async function cancel(run: Run): Promise<void> {
  const generation = run.live.accepted?.generation ?? "";
  const params = { path: { generation } };
  const { signal } = run.control;
  for (let tries = 0; runs.get(run.name) === run; tries++) {
    try {
      await ask(api.POST("/api/v1/generations/{generation}:cancel", { params }));
      return;
    } catch (thrown) {
      const problem = toProblem(thrown);
      if (!problem.retryable && !isSessionLost(problem)) {
        show(run, { ...run.live, stopping: false });
        notify({ text: t("chat.notStopped", { reason: problemText(problem) }), isError: true });
        return;
      }
    }
    await pause(backOffMs(tries), signal).catch(() => undefined);
  }
}
