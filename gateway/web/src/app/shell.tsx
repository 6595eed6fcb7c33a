import { type ReactNode, Suspense } from "react";
import { useServerNews } from "@/data/news";
import { session } from "@/data/session";
import { useTabNews } from "@/data/tabs";
import { useStore } from "@/lib/store";
import { Boundary } from "@/ui/boundary";
import { lazyPage } from "@/ui/lazy-view";
import { closeWindow, openWindow } from "@/ui/open-window";
import { useKeyboard } from "@/views/commands/keyboard";
import { moving } from "@/views/projects/moving";
import { newProject } from "@/views/projects/new-project";
import { sharing } from "@/views/share/sharing";
import { closeSheet, useSidebar } from "@/views/sidebar/layout";
import { renaming } from "@/views/sidebar/renaming";
import { Sidebar } from "@/views/sidebar/sidebar";
import { editedTemplate, filledTemplate } from "@/views/templates/windows";
import { t } from "@/words";

const Sheet = lazyPage(() => import("@/ui/sheet"), "window");
const Rename = lazyPage(() => import("@/views/sidebar/rename"), "window");
const MoveChat = lazyPage(() => import("@/views/projects/move-chat"), "window");
const ProjectWindow = lazyPage(() => import("@/views/projects/project-window"), "window");
const TemplateWindow = lazyPage(() => import("@/views/templates/template-window"), "window");
const FillWindow = lazyPage(() => import("@/views/templates/fill-window"), "window");
const ShareDialog = lazyPage(() => import("@/views/share/share-dialog"), "window");
const Palette = lazyPage(() => import("@/views/commands/palette"), "window");
const Shortcuts = lazyPage(() => import("@/views/commands/shortcuts"), "window");
const SessionEnded = lazyPage(() => import("@/views/auth/session-ended"), "window");

/** The frame around every page of a signed-in user: sidebar and windows. */
export function Shell({ chat, children }: { chat: string | undefined; children: ReactNode }) {
  const { open, narrow } = useSidebar();
  const shown = useStore(openWindow);
  const renamed = useStore(renaming);
  const moved = useStore(moving);
  const making = useStore(newProject);
  const edited = useStore(editedTemplate);
  const filled = useStore(filledTemplate);
  const shared = useStore(sharing);
  const state = useStore(session);
  useKeyboard(chat);
  useTabNews();
  useServerNews();
  return (
    <div className="flex h-full">
      <a
        href="#main"
        className="sr-only z-50 rounded-md bg-strong px-4 py-2 text-on-strong focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        {t("common.skip")}
      </a>
      {open && !narrow && (
        <aside className="w-[272px] shrink-0 border-r border-line bg-side">
          <Boundary part="view">
            <Sidebar />
          </Boundary>
        </aside>
      )}
      <div className="flex min-w-0 flex-1 flex-col">{children}</div>
      <Boundary part="view" resetKey={shown ?? ""}>
        <Suspense fallback={null}>
          {narrow && (
            <Sheet title={t("nav.chats")} open={open} onClose={closeSheet}>
              <Sidebar />
            </Sheet>
          )}
          {renamed && <Rename key={renamed.id} chat={renamed} />}
          {moved && <MoveChat key={moved.id} chat={moved} />}
          {making && <ProjectWindow />}
          {edited && <TemplateWindow edited={edited} />}
          {filled && <FillWindow filled={filled} />}
          {shared && <ShareDialog key={shared.id} chat={shared} />}
          {shown === "commands" && <Palette />}
          {shown === "shortcuts" && <Shortcuts />}
          {state === "ended" && <SessionEnded onOpen={closeWindow} />}
        </Suspense>
      </Boundary>
    </div>
  );
}
