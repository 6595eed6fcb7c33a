// The queue of background answers, for administrators.
import { useMutation, useQuery } from "@tanstack/react-query";
import { toProblem } from "@/api/problem";
import { notify } from "@/lib/notify";
import { problemText, t } from "@/words";
import { refresh } from "./cache";
import { api, ask } from "./client";
import { keys } from "./keys";
import { usePages } from "./pages";

const LOOK_MS = 5_000;

export function useQueue() {
  return useQuery({
    queryKey: keys.queue,
    queryFn: ({ signal }) => ask(api.GET("/api/v1/admin/queue", { signal })),
    refetchInterval: LOOK_MS,
  });
}

export function useDeadLetters() {
  return usePages(keys.deadLetters, (query, signal) =>
    ask(api.GET("/api/v1/admin/dead-letters", { params: { query }, signal })),
  );
}

export function useRequeue() {
  return useMutation({
    mutationFn: (generation: string) =>
      ask(
        api.POST("/api/v1/admin/dead-letters/{generation}:requeue", {
          params: { path: { generation } },
        }),
      ),
    onSuccess: () => notify({ text: t("admin.queue.requeued") }),
    onError: (thrown) => notify({ text: problemText(toProblem(thrown)), isError: true }),
    onSettled: () => refresh(keys.deadLetters, keys.queue),
  });
}
