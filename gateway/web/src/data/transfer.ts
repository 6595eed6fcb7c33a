// Chats as files: imports with their progress, and exports.
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { problemOf, toProblem } from "@/api/problem";
import type { Import, ImportItem } from "@/api/types";
import { saveFile } from "@/lib/browser";
import { sleep } from "@/lib/sleep";
import { cache, refresh } from "./cache";
import { api, ask } from "./client";
import { keys } from "./keys";
import { sessionFetch } from "./session";

/** A file goes in pieces of this size, so that a lost connection costs one of them. */
const PIECE_BYTES = 4 << 20;

/** Before a piece is sent again, in milliseconds: twice as long each time. */
const FIRST_PAUSE_MS = 500;
const LAST_PAUSE_MS = 8_000;

/** How often an import that runs is read again, in milliseconds. */
const LOOK_MS = 1_000;

export function isUnderWay({ state }: Import): boolean {
  return state === "UPLOADING" || state === "QUEUED" || state === "RUNNING";
}

function came(imports: Import[]): number {
  return imports.reduce((sum, { imported }) => sum + imported, 0);
}

/** The latest imports. While one runs its chats come into the list. */
export function useImports() {
  return useQuery({
    queryKey: keys.imports,
    queryFn: async ({ signal }) => {
      const query = { pageSize: 5 };
      const { imports } = await ask(api.GET("/api/v1/imports", { params: { query }, signal }));
      const before = cache.getQueryData<Import[]>(keys.imports);
      if (before && came(imports) !== came(before)) refresh(keys.chats);
      return imports;
    },
    refetchInterval: ({ state }) => !!state.data?.some(isUnderWay) && LOOK_MS,
  });
}

/** The outcome of an import, chat by chat. */
export function useImportItems(id: string, enabled: boolean) {
  return useInfiniteQuery({
    queryKey: keys.importItems(id),
    queryFn: ({ pageParam, signal }) =>
      ask(
        api.GET("/api/v1/imports/{import}/items", {
          params: {
            path: { import: id },
            query: { pageSize: 100, ...(pageParam && { pageToken: pageParam }) },
          },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextPageToken || undefined,
    enabled,
  });
}

async function sendPiece(file: File, at: number, id: string | undefined): Promise<Import> {
  const where = id ? `import=${id}&offset=${at}` : `size=${file.size}`;
  const response = await sessionFetch(
    new Request(`${location.origin}/api/v1/chats:import?${where}`, {
      method: "POST",
      body: file.slice(at, at + PIECE_BYTES),
      headers: { "content-type": "application/octet-stream" },
    }),
  );
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok) throw problemOf(answer, response);
  return answer as Import;
}

/** The same, again and again while the connection is lost. Only the first piece is sent once: each of its repeats would be an import. */
async function sendSurely(file: File, at: number, id: string | undefined): Promise<Import> {
  for (let pause = FIRST_PAUSE_MS; ; pause *= 2) {
    try {
      return await sendPiece(file, at, id);
    } catch (thrown) {
      if (!id || pause > LAST_PAUSE_MS || !toProblem(thrown).retryable) throw thrown;
      await sleep(pause);
    }
  }
}

/** Sends a file. `onPart` hears how much of it was sent, from 0 to 1. */
export function useUpload(onPart: (part: number) => void) {
  return useMutation({
    mutationFn: async (file: File) => {
      let id: string | undefined;
      let at = 0;
      do {
        ({ id } = await sendSurely(file, at, id));
        at += PIECE_BYTES;
        onPart(Math.min(1, at / file.size));
      } while (at < file.size);
    },
    onSettled: () => refresh(keys.imports, keys.chats),
  });
}

export function useCancelImport() {
  return useMutation({
    mutationFn: (id: string) =>
      ask(api.POST("/api/v1/imports/{import}:cancel", { params: { path: { import: id } } })),
    onSettled: () => refresh(keys.imports, keys.chats),
  });
}

export type ExportFormat = "JSON" | "MARKDOWN";

/** Saves a chat, or all of them, as a file. */
export function useExport() {
  return useMutation({
    mutationFn: async ({
      chat,
      name,
      format,
    }: {
      chat?: string;
      name: string;
      format: ExportFormat;
    }) => {
      const path = chat ? `chats/${chat}:export` : "chats:export";
      const response = await sessionFetch(
        new Request(`${location.origin}/api/v1/${path}`, {
          method: "POST",
          body: JSON.stringify({ format }),
          headers: { "content-type": "application/json" },
        }),
      );
      if (!response.ok) throw problemOf(await response.json().catch(() => null), response);
      saveFile(`${fileName(name)}.${format === "JSON" ? "json" : "md"}`, await response.blob());
    },
  });
}

/** Without the characters that systems do not take in names. */
function fileName(name: string): string {
  return (
    name
      .replaceAll(/[\p{C}/\\:*?"<>|.]+/gu, " ")
      .trim()
      .slice(0, 80) || "chat"
  );
}

export type { Import, ImportItem };
