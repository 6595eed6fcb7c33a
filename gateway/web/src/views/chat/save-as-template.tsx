import { BookmarkPlus } from "lucide-react";
import { IconButton } from "@/ui/icon-button";
import { editFromMessage } from "@/views/templates/windows";
import { t } from "@/words";

/** Opens the editor of templates with a message's text. */
export function SaveAsTemplate({ text, className }: { text: string; className?: string }) {
  return (
    <IconButton
      label={t("templates.fromMessage")}
      small
      onClick={() => editFromMessage(text)}
      {...(className && { className })}
    >
      <BookmarkPlus />
    </IconButton>
  );
}
