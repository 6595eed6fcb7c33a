import { Archive, FolderInput, PenLine, Pin, PinOff, Trash2 } from "lucide-react";
import { useLocation } from "wouter";
import type { Chat } from "@/api/types";
import { useChatActions } from "@/data/chats";
import { MenuItem, MenuSeparator } from "@/ui/menu-items";
import { moving } from "@/views/projects/moving";
import { t } from "@/words";
import { renaming } from "./renaming";

export default function ChatMenuItems({ chat }: { chat: Chat }) {
  const { update, remove } = useChatActions();
  const [path, navigate] = useLocation();
  const leave = () => path === `/chat/${chat.id}` && navigate("/");
  return (
    <>
      <MenuItem onSelect={() => renaming.set(chat)}>
        <PenLine aria-hidden />
        {t("chats.rename")}
      </MenuItem>
      <MenuItem onSelect={() => update(chat, { pinned: !chat.pinned })}>
        {chat.pinned ? <PinOff aria-hidden /> : <Pin aria-hidden />}
        {t(chat.pinned ? "chats.unpin" : "chats.pin")}
      </MenuItem>
      <MenuItem onSelect={() => moving.set(chat)}>
        <FolderInput aria-hidden />
        {t("projects.move")}
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
    </>
  );
}
