import { type RefObject, useEffect, useState } from "react";
import { toProblem } from "@/api/problem";
import { templateTitle, useFoundTemplates } from "@/data/templates";
import { notify } from "@/lib/notify";
import { cn } from "@/ui/cn";
import { problemText, t } from "@/words";
import { SLASH_LIST, slashLine } from "./slash";
import { insertTemplate } from "./windows";

/** What the composer asks on each key. True: the list took it. */
export type SlashKeys = (key: string) => boolean;

/** The templates that a slash finds, above the composer, which keeps the focus. */
export default function SlashMenu({
  query,
  chat,
  keys,
  onActive,
  onClose,
}: {
  query: string;
  chat: string;
  keys: RefObject<SlashKeys | undefined>;
  /** The id of the marked line, for the composer's aria-activedescendant. */
  onActive: (id: string | undefined) => void;
  onClose: () => void;
}) {
  const { data } = useFoundTemplates(query.trim());
  const [marked, setMarked] = useState(0);
  const templates = data?.templates ?? [];
  const at = Math.min(marked, templates.length - 1);

  const choose = (index: number) => {
    const template = templates[index];
    if (!template) return;
    onClose();
    insertTemplate(template.id, chat).catch((thrown) =>
      notify({
        text: t("chats.notDone", { reason: problemText(toProblem(thrown)) }),
        isError: true,
      }),
    );
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: another query has another first line.
  useEffect(() => setMarked(0), [query]);

  useEffect(() => {
    keys.current = (key) => {
      if (key === "Escape") {
        onClose();
        return true;
      }
      if (templates.length === 0) return false;
      if (key === "ArrowDown") setMarked((at + 1) % templates.length);
      else if (key === "ArrowUp") setMarked((at + templates.length - 1) % templates.length);
      else if (key === "Enter" || key === "Tab") choose(at);
      else return false;
      return true;
    };
    onActive(templates.length > 0 ? slashLine(at) : undefined);
    return () => {
      keys.current = undefined;
      onActive(undefined);
    };
  });

  if (templates.length === 0) return null;
  return (
    <div className="absolute inset-x-0 bottom-full z-20 mb-2 overflow-hidden rounded-xl border border-line bg-raised shadow-float">
      <p className="flex justify-between gap-3 px-4 pt-2.5 text-xs text-muted">
        <span>{t("templates.slash")}</span>
        <span className="pointer-coarse:hidden">{t("templates.slashKeys")}</span>
      </p>
      <div
        role="listbox"
        id={SLASH_LIST}
        aria-label={t("templates.slash")}
        className="max-h-[40dvh] overflow-y-auto p-1.5"
      >
        {templates.map((template, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the composer has the keys.
          // biome-ignore lint/a11y/useFocusableInteractive: the composer keeps the focus.
          <div
            key={template.id}
            role="option"
            id={slashLine(index)}
            aria-selected={index === at}
            ref={index === at ? seen : undefined}
            onPointerMove={() => setMarked(index)}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => choose(index)}
            className={cn(
              "flex min-h-9 cursor-pointer items-baseline gap-3 rounded-md px-2.5 py-1.5 text-sm pointer-coarse:min-h-11",
              index === at && "bg-hover",
            )}
          >
            <bdi className="shrink-0 font-medium">{templateTitle(template)}</bdi>
            <span className="truncate text-muted">{template.description}</span>
          </div>
        ))}
      </div>
      <p role="status" className="sr-only">
        {t("templates.found", { count: templates.length })}
      </p>
    </div>
  );
}

function seen(line: HTMLElement | null): void {
  line?.scrollIntoView({ block: "nearest" });
}
