import { Trash2 } from "lucide-react";
import { useState } from "react";
import type { Chat } from "@/api/types";
import { useBin, useChangeChats } from "@/data/change";
import { titleOf } from "@/data/chats";
import { formatDate } from "@/lib/time";
import { Button } from "@/ui/button";
import { t } from "@/words";
import { Confirm } from "./confirm";
import { ListFrame } from "./list-frame";

/** Deleted chats, which can be restored, or erased at once. */
export function BinSection() {
  const query = useBin();
  const { change } = useChangeChats();
  const [asked, setAsked] = useState<Chat | "all">();
  return (
    <>
      <ListFrame
        query={query}
        rowsOf={(page) => page.chats}
        failed={t("chats.failed")}
        icon={<Trash2 aria-hidden className="size-6 text-muted" />}
        none={t("settings.binNone")}
        above={
          <div className="mt-5 flex flex-wrap items-center justify-between gap-3">
            <p className="text-sm text-soft">{t("settings.binText")}</p>
            <Button look="danger" size="small" onClick={() => setAsked("all")}>
              {t("settings.binEmpty")}
            </Button>
          </div>
        }
      >
        {(chat) => (
          <li
            key={chat.id}
            className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line py-2.5 text-sm"
          >
            <bdi className="min-w-40 flex-1 truncate">{titleOf(chat)}</bdi>
            <span className="text-xs text-muted">
              {t("settings.binDeleted", { date: formatDate(chat.deleteTime) })}
            </span>
            <Button
              look="quiet"
              size="small"
              aria-label={`${t("settings.binRestore")}: ${titleOf(chat)}`}
              onClick={() => change({ action: "UNDELETE", chats: [chat.id] })}
            >
              {t("settings.binRestore")}
            </Button>
            <Button
              look="danger"
              size="small"
              aria-label={`${t("settings.binErase")}: ${titleOf(chat)}`}
              onClick={() => setAsked(chat)}
            >
              {t("settings.binErase")}
            </Button>
          </li>
        )}
      </ListFrame>
      {asked && (
        <Confirm
          title={
            asked === "all"
              ? t("settings.binEmptyTitle")
              : t("settings.binEraseTitle", { title: titleOf(asked) })
          }
          text={t("settings.binEmptyText")}
          action={t(asked === "all" ? "settings.binEmpty" : "settings.binErase")}
          onYes={() =>
            change({ action: "ERASE", ...(asked === "all" ? {} : { chats: [asked.id] }) })
          }
          onClose={() => setAsked(undefined)}
        />
      )}
    </>
  );
}
