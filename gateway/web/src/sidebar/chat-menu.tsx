import { Archive, ChevronDown, Ellipsis, PenLine, Pin, PinOff, Trash2 } from "lucide-react";
import { useLocation } from "wouter";
import type { Chat } from "@/api/types";
import { cn } from "@/ui/cn";
import { Menu, MenuContent, MenuItem, MenuSeparator, MenuTrigger } from "@/ui/menu";
import { t } from "@/words";
import { titleOf, useChatActions } from "./chats";
import { renaming } from "./renaming";

/** What can be done with a chat. In the header its title opens it, in the list three dots. */
export function ChatMenu({ chat, titled = false }: { chat: Chat; titled?: boolean }) {
  const { update, remove } = useChatActions();
  const [path, navigate] = useLocation();
  const title = titleOf(chat);
  const leave = () => path === `/chat/${chat.id}` && navigate("/");
  return (
    <Menu>
      <MenuTrigger
        aria-label={t("chats.menu", { title })}
        className={cn(
          "flex items-center rounded-md",
          titled
            ? "h-9 min-w-0 max-w-full gap-1.5 px-2 text-[15px] font-medium text-text max-md:h-6 hover:bg-hover data-[state=open]:bg-hover"
            : "h-7 w-0 text-muted hover:text-text data-[state=open]:text-text shrink-0 justify-center overflow-hidden group-focus-within:w-7 group-hover:w-7 data-[state=open]:w-7 pointer-coarse:w-7",
        )}
      >
        {titled && <span className="max-w-72 truncate">{title}</span>}
        {titled ? (
          <ChevronDown aria-hidden className="size-3.5 shrink-0" />
        ) : (
          <Ellipsis aria-hidden className="size-4" />
        )}
      </MenuTrigger>
      <MenuContent align="start">
        <MenuItem onSelect={() => renaming.set(chat)}>
          <PenLine aria-hidden />
          {t("chats.rename")}
        </MenuItem>
        <MenuItem onSelect={() => update(chat, { pinned: !chat.pinned })}>
          {chat.pinned ? <PinOff aria-hidden /> : <Pin aria-hidden />}
          {t(chat.pinned ? "chats.unpin" : "chats.pin")}
        </MenuItem>
        <MenuItem
          onSelect={() => {
            update(chat, { archived: true });
            leave();
          }}
        >
          <Archive aria-hidden />
          {t("chats.archive")}
        </MenuItem>
        <MenuSeparator />
        <MenuItem
          danger
          onSelect={() => {
            remove(chat);
            leave();
          }}
        >
          <Trash2 aria-hidden />
          {t("common.delete")}
        </MenuItem>
      </MenuContent>
    </Menu>
  );
}
