import {
  Archive,
  Braces,
  FileText,
  FolderInput,
  ListChecks,
  PenLine,
  Pin,
  PinOff,
  Printer,
  Share2,
  Trash2,
} from "lucide-react";
import { useLocation } from "wouter";
import { toProblem } from "@/api/problem";
import type { Chat } from "@/api/types";
import { titleOf, useChatActions } from "@/data/chats";
import { useExport } from "@/data/transfer";
import { notify } from "@/lib/notify";
import { MenuItem, MenuSeparator } from "@/ui/menu-items";
import { moving } from "@/views/projects/moving";
import { sharing } from "@/views/share/sharing";
import { problemText, t } from "@/words";
import { renaming } from "./renaming";
import { beginSelection } from "./selection";

export default function ChatMenuItems({ chat }: { chat: Chat }) {
  const { update, remove } = useChatActions();
  const [path, navigate] = useLocation();
  const { mutate: save } = useExport();
  const exportAs = (format: "JSON" | "MARKDOWN") =>
    save(
      { chat: chat.id, name: titleOf(chat), format },
      {
        onError: (thrown) => notify({ text: problemText(toProblem(thrown)), isError: true }),
      },
    );
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
      <MenuItem onSelect={() => sharing.set(chat)}>
        <Share2 aria-hidden />
        {t("share.action")}
      </MenuItem>
      <MenuItem onSelect={() => navigate(`/chat/${chat.id}/print`)}>
        <Printer aria-hidden />
        {t("print.action")}
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
      <MenuItem onSelect={() => beginSelection(chat.id)}>
        <ListChecks aria-hidden />
        {t("select.this")}
      </MenuItem>
      <MenuItem onSelect={() => exportAs("MARKDOWN")}>
        <FileText aria-hidden />
        {t("chats.exportMarkdown")}
      </MenuItem>
      <MenuItem onSelect={() => exportAs("JSON")}>
        <Braces aria-hidden />
        {t("chats.exportJson")}
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
