// The server's estimate of the next message: its tokens and its price.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, ask } from "./client";
import { keys } from "./keys";
import { useTalk } from "./messages";

/** The server is asked once the text rests for so long, in milliseconds. */
const REST_MS = 400;
/** Texts may be long, so answers to them are soon forgotten, in milliseconds. */
const KEPT_MS = 10_000;

function useRested(text: string): string {
  const [rested, setRested] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setRested(text), text ? REST_MS : 0);
    return () => clearTimeout(timer);
  }, [text]);
  return rested;
}

/** Without a chat it is the first message of a new one. The answer to the text before stays until the next one comes. */
export function useEstimate(
  chat: string | undefined,
  model: string | undefined,
  text: string,
  busy: boolean,
) {
  const rested = useRested(text);
  const { data: talk } = useTalk(chat);
  const last = talk?.messages.at(-1);
  const place = `${last?.id} ${last?.state}`;
  const { data } = useQuery({
    queryKey: keys.estimate(chat ?? "", model ?? "", place, rested),
    queryFn: ({ signal }) =>
      ask(
        api.POST("/api/v1/messages:estimate", {
          body: {
            ...(chat && { chat }),
            ...(model && { model }),
            ...(rested && { text: rested }),
          },
          signal,
        }),
      ),
    enabled: !busy && model !== undefined && (chat === undefined || talk !== undefined),
    placeholderData: (before, query) =>
      query?.queryKey[1] === (chat ?? "") && query.queryKey[2] === model ? before : undefined,
    gcTime: KEPT_MS,
    retry: false,
  });
  return data;
}
