import { ChevronDown, Ellipsis } from "lucide-react";
import type { Chat } from "@/api/types";
import { titleOf } from "@/data/chats";
import { cn } from "@/ui/cn";
import { lazyView } from "@/ui/lazy-view";
import { MenuButton } from "@/ui/menu";
import { t } from "@/words";

const Items = lazyView(() => import("./chat-menu-items"), "menu");

/** The menu of a chat. In the header its title opens it, in the list three dots. */
export function ChatMenu({ chat, titled = false }: { chat: Chat; titled?: boolean }) {
  const title = titleOf(chat);
  return (
    <MenuButton
      menu={<Items chat={chat} />}
      aria-label={t("chats.menu", { title })}
      className={cn(
        "flex items-center rounded-md",
        titled
          ? "h-9 min-w-0 max-w-full gap-1.5 px-2 text-[15px] font-medium text-text pointer-coarse:h-10 hover:bg-hover data-[state=open]:bg-hover"
          : "h-7 w-0 text-muted hover:text-text data-[state=open]:text-text shrink-0 justify-center overflow-hidden group-focus-within:w-7 group-hover:w-7 data-[state=open]:w-7 pointer-coarse:size-10",
      )}
    >
      {titled && <bdi className="max-w-72 min-w-0 truncate">{title}</bdi>}
      {titled ? (
        <ChevronDown aria-hidden className="size-3.5 shrink-0" />
      ) : (
        <Ellipsis aria-hidden className="size-4" />
      )}
    </MenuButton>
  );
}
