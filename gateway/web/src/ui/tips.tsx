import { Tooltip } from "radix-ui";
import { useEffect, useState } from "react";
import { Keys } from "./keys";

/** How long the pointer rests before a label shows, in milliseconds. */
const REST_MS = 500;

interface Shown {
  label: string;
  keys: string | undefined;
  box: DOMRect;
}

/** Shows the labels of all buttons with data-tip and data-keys. It is loaded after the first paint, once. */
export default function Tips() {
  const [shown, setShown] = useState<Shown>();
  useEffect(() => listen(setShown), []);
  if (!shown) return null;
  const { left, top, width, height } = shown.box;
  return (
    <Tooltip.Provider>
      <Tooltip.Root open>
        <Tooltip.Trigger asChild>
          <span
            aria-hidden
            className="pointer-events-none fixed"
            style={{ left, top, width, height }}
          />
        </Tooltip.Trigger>
        <Tooltip.Portal>
          <Tooltip.Content
            sideOffset={6}
            collisionPadding={8}
            className="appear pointer-events-none z-50 flex items-center gap-2 rounded-md bg-strong px-2.5 py-1.5 text-xs font-medium text-on-strong"
          >
            {shown.label}
            {shown.keys && <Keys keys={shown.keys} className="opacity-75" />}
          </Tooltip.Content>
        </Tooltip.Portal>
      </Tooltip.Root>
    </Tooltip.Provider>
  );
}

function listen(show: (shown: Shown | undefined) => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const control = new AbortController();
  const { signal } = control;
  const hide = () => {
    clearTimeout(timer);
    show(undefined);
  };
  const showSoon = (target: EventTarget | null, delay: number) => {
    hide();
    const button = target instanceof Element && target.closest<HTMLElement>("[data-tip]");
    if (!button) return;
    timer = setTimeout(() => {
      const { tip = "", keys } = button.dataset;
      if (button.isConnected) show({ label: tip, keys, box: button.getBoundingClientRect() });
    }, delay);
  };
  const on = <K extends keyof DocumentEventMap>(
    name: K,
    listener: (event: DocumentEventMap[K]) => void,
  ) => document.addEventListener(name, listener, { signal, capture: true, passive: true });

  on("pointerover", ({ target, pointerType }) => {
    if (pointerType !== "touch") showSoon(target, REST_MS);
  });
  on("focusin", ({ target }) => {
    if (target instanceof Element && target.matches(":focus-visible")) showSoon(target, REST_MS);
  });
  on("focusout", hide);
  on("pointerdown", hide);
  on("keydown", hide);
  on("scroll", hide);
  return () => {
    hide();
    control.abort();
  };
}
