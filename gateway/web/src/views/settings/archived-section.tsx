import { Archive } from "lucide-react";
import { Link } from "wouter";
import { titleOf, useChatActions, useChats } from "@/data/chats";
import { formatDate } from "@/lib/time";
import { Button } from "@/ui/button";
import { t } from "@/words";
import { ListFrame } from "./list-frame";

export function ArchivedSection() {
  const query = useChats(true);
  const { update, remove } = useChatActions();
  return (
    <ListFrame
      query={query}
      rowsOf={(page) => page.chats}
      failed={t("chats.failed")}
      icon={<Archive aria-hidden className="size-6 text-muted" />}
      none={t("settings.archivedNone")}
      above={<p className="mt-5 text-sm text-soft">{t("settings.archivedText")}</p>}
    >
      {(chat) => (
        <li
          key={chat.id}
          className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line py-2.5 text-sm"
        >
          <Link
            href={`/chat/${chat.id}`}
            className="min-w-0 flex-1 truncate rounded hover:underline"
          >
            <bdi>{titleOf(chat)}</bdi>
          </Link>
          <span className="text-xs text-muted">{formatDate(chat.updateTime)}</span>
          <Button look="quiet" size="small" onClick={() => update(chat, { archived: false })}>
            {t("chats.unarchive")}
          </Button>
          <Button look="danger" size="small" onClick={() => remove(chat)}>
            {t("common.delete")}
          </Button>
        </li>
      )}
    </ListFrame>
  );
}
