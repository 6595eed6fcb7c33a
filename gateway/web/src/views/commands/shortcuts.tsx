import { Dialog } from "@/ui/dialog";
import { Keys } from "@/ui/keys";
import { closeWindow } from "@/ui/open-window";
import { t } from "@/words";

const SHORTCUTS = [
  ["search", "Ctrl+K"],
  ["newChat", "Ctrl+Shift+O"],
  ["sidebar", "Ctrl+Shift+S"],
  ["focus", "/"],
  ["send", "Enter"],
  ["newline", "Shift+Enter"],
  ["last", "Up"],
  ["print", "Ctrl+P"],
  ["stop", "Esc"],
  ["help", "?"],
] as const;

export default function Shortcuts() {
  return (
    <Dialog title={t("shortcuts.title")} onClose={closeWindow}>
      <dl className="mt-4 text-sm">
        {SHORTCUTS.map(([name, keys]) => (
          <div
            key={name}
            className="flex items-center justify-between gap-4 border-line py-2 not-last:border-b"
          >
            <dt className="text-soft">{t(`shortcuts.${name}`)}</dt>
            <dd className="shrink-0">
              <span className="sr-only">{keys}</span>
              <Keys
                keys={keys}
                className="[&>kbd]:rounded-md [&>kbd]:border [&>kbd]:border-line-strong [&>kbd]:bg-bg [&>kbd]:px-1.5 [&>kbd]:py-0.5"
              />
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
