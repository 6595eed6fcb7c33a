import { Archive, CheckCheck, Pin, Trash2, X } from "lucide-react";
import { useEffect } from "react";
import { useLocation } from "wouter";
import { CHANGE_MAX, useChangeChats } from "@/data/change";
import { useStore } from "@/lib/store";
import { focusComposer } from "@/ui/focus";
import { IconButton } from "@/ui/icon-button";
import { t } from "@/words";
import { endSelection, selection, toggleAll } from "./selection";

/** Actions on the selected chats. `order`: ids of the list. */
export default function SelectionBar({ order }: { order: readonly string[] }) {
  const selected = useStore(selection);
  const { change, busy } = useChangeChats();
  const [path, navigate] = useLocation();
  const count = selected?.size ?? 0;
  const idle = count === 0 || count > CHANGE_MAX || busy;

  const act = (action: "PIN" | "ARCHIVE" | "DELETE") => {
    if (idle || !selected) return;
    change({ action, chats: [...selected] });
    if (action !== "PIN" && [...selected].some((chat) => path === `/chat/${chat}`)) navigate("/");
    close();
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the selection begins.
  useEffect(() => {
    const [first = order[0]] = selected ?? [];
    const frame = requestAnimationFrame(() => document.getElementById(`select-${first}`)?.focus());
    return () => cancelAnimationFrame(frame);
  }, []);

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const inList = event.target instanceof HTMLInputElement && event.target.type === "checkbox";
      if (event.key === "Escape") close();
      else if (!inList) return;
      else if (event.key === "Delete") act("DELETE");
      else if (event.key === "a" && (event.ctrlKey || event.metaKey)) toggleAll(order);
      else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  });

  return (
    <div
      role="toolbar"
      aria-label={t("select.title")}
      className="sticky top-0 z-10 flex items-center bg-side py-1 pl-2"
    >
      <span role="status" className="min-w-0 flex-1 truncate text-sm font-medium tabular-nums">
        {count > CHANGE_MAX
          ? t("select.tooMany", { max: CHANGE_MAX })
          : t("select.count", { count })}
      </span>
      <IconButton small label={t("select.all")} keys="Ctrl+A" onClick={() => toggleAll(order)}>
        <CheckCheck />
      </IconButton>
      <IconButton small label={t("chats.pin")} disabled={idle} onClick={() => act("PIN")}>
        <Pin />
      </IconButton>
      <IconButton small label={t("chats.archive")} disabled={idle} onClick={() => act("ARCHIVE")}>
        <Archive />
      </IconButton>
      <IconButton
        small
        label={t("common.delete")}
        keys="Delete"
        disabled={idle}
        onClick={() => act("DELETE")}
      >
        <Trash2 />
      </IconButton>
      <IconButton small label={t("select.end")} keys="Esc" onClick={close}>
        <X />
      </IconButton>
    </div>
  );
}

function close(): void {
  endSelection();
  focusComposer();
}
