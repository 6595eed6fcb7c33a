// Parts of the page that are loaded when they are needed. After an upgrade the server may not have them any more. Then
// the page loads itself anew once, at the same address. Drafts are in storage by then.
import { RotateCw } from "lucide-react";
import { type ComponentType, lazy } from "react";
import { keepsInTab, recallInTab, rememberInTab } from "@/lib/storage";
import { loadPageWords, t } from "@/words";
import { Button } from "./button";
import { cn } from "./cn";
import { openWindow } from "./open-window";

/** When a part is missing again so soon after a reload, another reload would not help. In milliseconds. */
const AGAIN_MS = 60_000;

const RELOADED = "reloaded";

type Look = "view" | "window" | "menu" | "nothing";

/** React's lazy for a part that may be missing. `look` says where the message stands then. */
// biome-ignore lint/suspicious/noExplicitAny: a component of any properties.
export function lazyView<T extends ComponentType<any>>(
  load: () => Promise<{ default: T }>,
  look: Look = "view",
) {
  return lazy(async () => {
    try {
      return await load();
    } catch {
      if (look !== "nothing" && mayReload()) {
        location.reload();
        await new Promise(() => undefined); // The page is about to go: nothing is drawn any more.
      }
      return { default: (() => <Missing look={look} />) as unknown as T };
    }
  });
}

/** The same for a page or a window, whose words may be those of words/en-pages.ts. */
// biome-ignore lint/suspicious/noExplicitAny: a component of any properties.
export function lazyPage<T extends ComponentType<any>>(
  load: () => Promise<{ default: T }>,
  look: Look = "view",
) {
  return lazyView(async () => {
    const [part] = await Promise.all([load(), loadPageWords()]);
    return part;
  }, look);
}

/** Without a network a reload would lose the page. */
function mayReload(): boolean {
  if (!navigator.onLine || !keepsInTab()) return false;
  if (Date.now() - Number(recallInTab(RELOADED) ?? 0) < AGAIN_MS) return false;
  rememberInTab(RELOADED, String(Date.now()));
  rememberInTab("window", openWindow.get());
  return true;
}

const PLACES: Record<Look, string> = {
  view: "mx-auto mt-12 w-[calc(100%-2rem)] max-w-[600px]",
  window: "fixed inset-x-3 top-[12dvh] z-50 mx-auto max-w-md shadow-float",
  menu: "w-64 border-0",
  nothing: "hidden",
};

function Missing({ look }: { look: Look }) {
  return (
    <div
      role="alert"
      className={cn("rounded-xl border border-line-strong bg-raised p-4 text-sm", PLACES[look])}
    >
      <p className="font-medium">{t("missing.title")}</p>
      <p className="mt-1 text-soft">{t("missing.text")}</p>
      <Button size="small" className="mt-3" onClick={() => location.reload()}>
        <RotateCw aria-hidden className="size-3.5" />
        {t("missing.reload")}
      </Button>
    </div>
  );
}
