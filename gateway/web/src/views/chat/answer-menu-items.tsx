import { FileArchive, FileType, Hash } from "lucide-react";
import { useMemo } from "react";
import { saveFile } from "@/lib/browser";
import { codeFilesOf } from "@/markdown/code-names";
import { htmlOf } from "@/markdown/html";
import { copyOrSay } from "@/ui/clipboard";
import { MenuItem, MenuSeparator } from "@/ui/menu-items";
import { t } from "@/words";

export default function AnswerMenuItems({ text }: { text: string }) {
  const files = useMemo(() => codeFilesOf(text), [text]);
  return (
    <>
      <MenuItem onSelect={() => void copyOrSay({ text })}>
        <Hash aria-hidden />
        {t("chat.copyMarkdown")}
      </MenuItem>
      <MenuItem onSelect={() => void copyOrSay({ text, html: htmlOf(text) })}>
        <FileType aria-hidden />
        {t("chat.copyRich")}
      </MenuItem>
      {files.length > 0 && (
        <>
          <MenuSeparator />
          <MenuItem onSelect={() => void save(files)}>
            <FileArchive aria-hidden />
            {t("chat.codeZip", { count: files.length })}
          </MenuItem>
        </>
      )}
    </>
  );
}

/** One block is a file of its own, more are a ZIP. */
async function save(files: { name: string; text: string }[]): Promise<void> {
  const [first, ...others] = files;
  if (!first) return;
  if (others.length === 0) {
    saveFile(first.name, new Blob([first.text], { type: "text/plain" }));
    return;
  }
  const { zipOf } = await import("./pack");
  saveFile("code.zip", zipOf(files));
}
