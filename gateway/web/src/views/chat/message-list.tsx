import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown } from "lucide-react";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef } from "react";
import { loadOlder } from "@/data/messages";
import type { Talk } from "@/data/talk";
import { liveOf } from "@/generation/running";
import { useStore } from "@/lib/store";
import { Boundary } from "@/ui/boundary";
import { cn } from "@/ui/cn";
import { Spinner } from "@/ui/spinner";
import { t } from "@/words";
import { Announcer } from "./announcer";
import { AnswerRow } from "./answer-row";
import { itemsOf } from "./items";
import { QuestionRow } from "./question-row";
import { useEnds } from "./use-ends";
import { useJump } from "./use-jump";

/** A list this near to its end sticks to the end when text comes. In pixels. */
const AT_END_PX = 40;

/** The height of a row that was not measured yet, in pixels. */
const ROW_PX = 180;

/** The page before the first row is loaded when the reader is so many rows away from it. */
const NEAR_ROWS = 20;

const rowPx = () => ROW_PX;

/** The messages of a chat. Only rows in sight are in the document. The list sticks to its end until the reader scrolls. */
export function MessageList({
  chat,
  talk: { messages, older },
  onAsk,
}: {
  chat: string;
  talk: Talk;
  onAsk: (text: string, parent?: string, background?: boolean) => void;
}) {
  const live = useStore(liveOf(chat));
  const items = useMemo(() => itemsOf(messages, live), [messages, live]);
  const scroller = useRef<HTMLDivElement>(null);
  // The list computes all places anew when getItemKey changes. It must change with the rows, and not with the text of
  // a row.
  const current = useRef(items);
  current.current = items;
  const shape = `${items.length} ${items.at(-1)?.key} ${items.at(-2)?.key}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above.
  const getItemKey = useCallback((index: number) => current.current[index]!.key, [shape, messages]);
  const list = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    getItemKey,
    estimateSize: rowPx,
    overscan: 5,
    paddingStart: 20,
    anchorTo: "end",
    followOnAppend: true,
    scrollEndThreshold: AT_END_PX,
  });

  // A message that the reader sends comes into sight, and a chat opens at its end.
  const sent = live?.key;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list stays the same; a new key is what matters.
  useLayoutEffect(() => list.scrollToEnd(), [sent]);

  const askAgain = useCallback(
    (background = false) => {
      const last = items.findLast((item) => item.kind === "question");
      if (last) onAsk(last.text, last.parent, background);
    },
    [items, onAsk],
  );

  const rows = list.getVirtualItems();
  const nearStart = older !== "" && rows.length > 0 && rows[0]!.index < NEAR_ROWS;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each page that came is a reason to look again.
  useEffect(() => {
    if (nearStart) void loadOlder(chat);
  }, [chat, nearStart, older]);
  useEnds(list, scroller, () => loadOlder(chat));
  const found = useJump(chat, items, older, list, scroller);
  const away = rows.length > 0 && !list.isAtEnd(AT_END_PX);
  return (
    <div className="relative min-h-0 flex-1">
      <section
        ref={scroller}
        aria-label={t("chat.messages")}
        data-pane
        tabIndex={0}
        className="h-full overflow-y-auto overscroll-contain [overflow-anchor:none] -outline-offset-2"
      >
        <div
          className="relative mx-auto w-full max-w-[760px]"
          style={{ height: list.getTotalSize() }}
        >
          {/* Placed by `top`: in a transformed box the header of long code sticks to the wrong place. */}
          <div className="absolute inset-x-0" style={{ top: rows[0]?.start ?? 0 }}>
            {rows.map(({ index, key }) => {
              const item = items[index]!;
              return (
                <div
                  key={key}
                  data-index={index}
                  ref={list.measureElement}
                  className={cn("px-4 py-3.5", key === found && "animate-[found_2.5s_ease-out]")}
                >
                  <Boundary part="message" text={item.text} resetKey={item.text}>
                    {item.kind === "question" ? (
                      <QuestionRow text={item.text} />
                    ) : (
                      <AnswerRow
                        answer={item}
                        onAgain={index === items.length - 1 ? askAgain : undefined}
                      />
                    )}
                  </Boundary>
                </div>
              );
            })}
          </div>
        </div>
      </section>
      <p className="only-print">{t("print.part")}</p>
      {/* Text fades out below the header. */}
      <div
        aria-hidden
        className="pointer-events-none absolute inset-x-0 top-0 mr-3 h-4 bg-linear-to-b from-bg to-transparent"
      />
      {nearStart && (
        <div className="pointer-events-none absolute inset-x-0 top-2 flex justify-center">
          <Spinner className="text-muted" />
        </div>
      )}
      {away && (
        <button
          type="button"
          aria-label={t("chat.latestLabel")}
          onClick={() => list.scrollToEnd()}
          className="appear absolute bottom-3 left-1/2 flex h-8 -translate-x-1/2 pointer-coarse:h-10 items-center gap-1.5 rounded-full border border-line-strong bg-raised px-3 text-xs font-medium shadow-float hover:bg-hover"
        >
          <ArrowDown aria-hidden className="size-3.5" />
          {t("chat.latest")}
        </button>
      )}
      <Announcer chat={chat} />
    </div>
  );
}
