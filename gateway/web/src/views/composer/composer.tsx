import { ArrowUp, Hourglass, Square } from "lucide-react";
import { type KeyboardEvent, Suspense, useEffect, useLayoutEffect, useRef, useState } from "react";
import { draftOf, setDraft, useDraftSync } from "@/data/drafts";
import { useTalk } from "@/data/messages";
import { busyChats, liveOf, NEW_CHAT } from "@/generation/running";
import { stop } from "@/generation/send";
import { isComposing } from "@/lib/composing";
import { useStore } from "@/lib/store";
import { cn } from "@/ui/cn";
import { focusComposer, isTouch } from "@/ui/focus";
import { IconButton } from "@/ui/icon-button";
import { lazyView } from "@/ui/lazy-view";
import { Spinner } from "@/ui/spinner";
import { useModelChoice } from "@/views/model/choice";
import { SLASH_LIST, slashQuery } from "@/views/templates/slash";
import type { SlashKeys } from "@/views/templates/slash-menu";
import { t } from "@/words";
import { Gauge } from "./gauge";
import { Notices } from "./notices";
import { PriceBefore } from "./price-before";

const SlashMenu = lazyView(() => import("@/views/templates/slash-menu"), "nothing");

/** The API's limit of one message, in bytes of UTF-8. */
const TEXT_MAX_BYTES = 256 * 1024;

export function Composer({
  chat,
  onSend,
}: {
  chat: string;
  onSend: (text: string, background: boolean) => void;
}) {
  const [background, setBackground] = useState(false);
  const text = useStore(draftOf(chat));
  const busy = useStore(busyChats).has(chat);
  const { model } = useModelChoice(chat === NEW_CHAT ? undefined : chat);
  const recallLast = useLastQuestion(chat);
  useDraftSync(chat);
  const area = useRef<HTMLTextAreaElement>(null);
  const slashKeys = useRef<SlashKeys>(undefined);
  const [slashLine, setSlashLine] = useState<string>();
  const [closedAt, setClosedAt] = useState<string>(); // the text at which the reader closed the list
  const query = text === closedAt ? undefined : slashQuery(text);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text.
  useLayoutEffect(() => {
    const { style } = area.current!;
    style.height = "auto";
    style.height = `${area.current!.scrollHeight}px`;
  }, [text]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: for each chat that is opened.
  useEffect(focusComposer, [chat]);

  const bytes = text.length * 3 < TEXT_MAX_BYTES ? 0 : new TextEncoder().encode(text).length;
  const tooLong = bytes > TEXT_MAX_BYTES;
  const sendable = text.trim() !== "" && !busy && !tooLong;
  const send = () => {
    if (!sendable) return;
    onSend(asSent(text), background);
    setBackground(false);
    if (!isTouch()) area.current?.focus(); // The send button had it, and is a stop button now.
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (isComposing(event.nativeEvent)) return;
    if (!event.shiftKey && slashKeys.current?.(event.key)) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (event.key === "Enter" && !event.shiftKey && !isTouch()) {
      event.preventDefault();
      send();
    }
    if (event.key === "ArrowUp" && text === "") {
      const last = recallLast();
      if (!last) return;
      event.preventDefault();
      setDraft(chat, last);
    }
  };

  return (
    <div className="mx-auto w-full max-w-[760px] px-3 sm:px-4">
      <Notices chat={chat} tooLongBytes={tooLong ? bytes : 0} maxBytes={TEXT_MAX_BYTES} />
      <form
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
        className={cn(
          "relative rounded-2xl border border-line-strong bg-raised shadow-composer transition-colors",
          "focus-within:border-muted/70",
        )}
      >
        {query !== undefined && (
          <Suspense fallback={null}>
            <SlashMenu
              query={query}
              chat={chat}
              keys={slashKeys}
              onActive={setSlashLine}
              onClose={() => setClosedAt(text)}
            />
          </Suspense>
        )}
        <textarea
          id="message"
          ref={area}
          rows={1}
          value={text}
          dir="auto"
          aria-label={t("composer.label")}
          placeholder={t("composer.placeholder")}
          aria-autocomplete="list"
          {...(slashLine && { "aria-controls": SLASH_LIST, "aria-activedescendant": slashLine })}
          onChange={(event) => setDraft(chat, event.target.value)}
          onKeyDown={onKeyDown}
          className="block max-h-[40vh] min-h-13 w-full resize-none bg-transparent px-4 pt-3.5 pb-1 text-base leading-6 outline-none placeholder:text-muted sm:text-[15px]"
        />
        <div className="flex items-center justify-end gap-3 p-2">
          <IconButton
            label={t("composer.background")}
            small
            aria-pressed={background}
            onClick={() => setBackground(!background)}
            className="mr-auto"
          >
            <Hourglass />
          </IconButton>
          <Gauge chat={chat} text={text} />
          <PriceBefore chat={chat} text={text} />
          {busy ? <StopButton chat={chat} /> : <SendButton ready={sendable} />}
        </div>
      </form>
      <p className="safe-bottom pt-2 text-center text-xs text-muted">
        {t(model?.demo ? "model.demoNote" : "chat.disclaimer")}
      </p>
    </div>
  );
}

const ROUND =
  "flex size-8.5 pointer-coarse:size-10 shrink-0 items-center justify-center rounded-[10px] bg-strong text-on-strong";

function SendButton({ ready }: { ready: boolean }) {
  return (
    <button
      type="submit"
      aria-label={t("composer.send")}
      data-tip={t("composer.send")}
      data-keys="Enter"
      aria-disabled={!ready}
      className={cn(ROUND, "transition-opacity hover:opacity-88", !ready && "opacity-35")}
    >
      <ArrowUp aria-hidden className="size-[18px]" />
    </button>
  );
}

function StopButton({ chat }: { chat: string }) {
  const live = useStore(liveOf(chat));
  const stopping = live?.stopping === true;
  const label = t(live?.phase === "resending" ? "composer.takeBack" : "composer.stop");
  return (
    <button
      type="button"
      aria-label={label}
      data-tip={label}
      data-keys="Esc"
      aria-disabled={stopping}
      onClick={() => stop(chat)}
      className={cn(ROUND, "hover:opacity-88", stopping && "opacity-50")}
    >
      {stopping ? (
        <Spinner className="size-4" />
      ) : (
        <Square aria-hidden fill="currentColor" className="size-3" />
      )}
    </button>
  );
}

/** The text without blank lines around it. The first line keeps its indentation, for it may be code. */
function asSent(text: string): string {
  return text.replace(/^\s*\n/, "").trimEnd();
}

function useLastQuestion(chat: string): () => string | undefined {
  const { data } = useTalk(chat === NEW_CHAT ? undefined : chat);
  return () => data?.messages.findLast((message) => message.role === "USER")?.text;
}
