import type { KeyboardEvent, MouseEvent } from "react";
import type { Chat } from "@/api/types";
import { titleOf } from "@/data/chats";
import { useStore } from "@/lib/store";
import { cn } from "@/ui/cn";
import { selection, toggle } from "./selection";

/** A chat while chats are being selected. `order`: ids of the list, for ranges. */
export default function CheckRow({ chat, order }: { chat: Chat; order: readonly string[] }) {
  const checked = useStore(selection)?.has(chat.id) ?? false;
  const onClick = (event: MouseEvent) => toggle(chat.id, event.shiftKey ? order : undefined);
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const next = order[order.indexOf(chat.id) + step];
    if (!next) return;
    document.getElementById(`select-${next}`)?.focus();
    if (event.shiftKey) toggle(next, order);
  };
  return (
    <li>
      <label
        className={cn(
          "flex h-8.5 cursor-pointer items-center gap-2.5 rounded-md px-2 text-sm select-none pointer-coarse:h-11",
          checked ? "bg-accent-soft" : "hover:bg-hover",
        )}
      >
        <input
          id={`select-${chat.id}`}
          type="checkbox"
          checked={checked}
          onChange={() => undefined}
          onClick={onClick}
          onKeyDown={onKeyDown}
          className="size-4 shrink-0 accent-accent"
        />
        <bdi className="truncate">{titleOf(chat)}</bdi>
      </label>
    </li>
  );
}
