import type { Virtualizer } from "@tanstack/react-virtual";
import { type RefObject, useEffect, useRef } from "react";
import { useSearch } from "wouter";
import { loadOlder, showMessage } from "@/data/messages";
import type { Item } from "./items";
import { settle } from "./use-ends";

/**
 * Goes to the message that the address names: pages before the loaded ones are loaded, and another branch is shown where the message is there.
 * The message's key.
 */
export function useJump(
  chat: string,
  items: Item[],
  older: string,
  list: Virtualizer<HTMLDivElement, Element>,
  scroller: RefObject<HTMLDivElement | null>,
): string {
  const target = new URLSearchParams(useSearch()).get("message") ?? "";
  const reached = useRef("");
  const turned = useRef("");
  const index = target ? items.findIndex(({ id }) => id === target) : -1;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each page that came is a reason to look again.
  useEffect(() => {
    if (!target || reached.current === target) return;
    if (index >= 0) {
      reached.current = target;
      let here = true;
      const go = () => list.scrollToIndex(index, { align: "start" });
      void settle(() => here, scroller.current!, go);
      return () => {
        here = false;
      };
    }
    if (older) void loadOlder(chat);
    else if (turned.current !== target) {
      turned.current = target;
      void showMessage(chat, target);
    }
    return undefined;
  }, [target, index, older, items.length]);
  return index >= 0 ? items[index]!.key : "";
}
