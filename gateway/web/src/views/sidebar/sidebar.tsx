import { Coins, LayoutTemplate, PanelLeft, Search, SquarePen } from "lucide-react";
import type { ReactNode } from "react";
import { Link, useRoute } from "wouter";
import { cn } from "@/ui/cn";
import { focusComposer } from "@/ui/focus";
import { IconButton } from "@/ui/icon-button";
import { Keys } from "@/ui/keys";
import { Logo } from "@/ui/logo";
import { openCommands } from "@/ui/open-window";
import { ProjectGroup } from "@/views/projects/project-group";
import { t } from "@/words";
import { AccountMenu } from "./account-menu";
import { ChatList } from "./chat-list";
import { closeSheet, toggleSidebar } from "./layout";

/** Links to the areas of the page, the chats, and the account. A new area is a line in the upper part. */
export function Sidebar() {
  return (
    <div className="flex h-full flex-col">
      <div className="flex h-13 shrink-0 items-center justify-between pr-2 pl-4.5">
        <Link
          href="/"
          onClick={closeSheet}
          className="flex h-10 items-center gap-2 rounded-md font-bold"
        >
          <Logo className="size-5 text-accent" />
          {t("app.name")}
        </Link>
        <IconButton label={t("nav.close")} keys="Ctrl+Shift+S" onClick={toggleSidebar}>
          <PanelLeft />
        </IconButton>
      </div>
      <nav aria-label={t("nav.chats")} className="flex min-h-0 flex-1 flex-col">
        <ul className="shrink-0 px-2.5 pb-2">
          <Line href="/" icon={<SquarePen />} keys="Ctrl+Shift+O">
            {t("nav.newChat")}
          </Line>
          <li>
            <button
              type="button"
              onClick={() => {
                closeSheet();
                openCommands();
              }}
              className={LINE}
            >
              <Search />
              {t("nav.search")}
              <Keys keys="Ctrl+K" className={LINE_KEYS} />
            </button>
          </li>
          <Line href="/templates" icon={<LayoutTemplate />}>
            {t("nav.templates")}
          </Line>
          <Line href="/pricing" icon={<Coins />}>
            {t("nav.pricing")}
          </Line>
        </ul>
        <ProjectGroup />
        <ChatList />
      </nav>
      <AccountMenu />
    </div>
  );
}

const LINE =
  "flex h-9 pointer-coarse:h-11 w-full items-center gap-3 rounded-md px-2 text-sm hover:bg-hover " +
  "[&>svg]:size-[17px] [&>svg]:shrink-0 [&>svg]:text-soft";
const LINE_KEYS = "ml-auto text-muted pointer-coarse:hidden";

function Line({
  href,
  icon,
  keys,
  children,
}: {
  href: string;
  icon: ReactNode;
  keys?: string;
  children: ReactNode;
}) {
  const [here] = useRoute(href);
  return (
    <li>
      <Link
        href={href}
        onClick={() => {
          closeSheet();
          if (href === "/") focusComposer(); // Also when the page is there already.
        }}
        aria-current={here ? "page" : undefined}
        className={cn(LINE, here && href !== "/" && "bg-active font-medium")}
      >
        {icon}
        {children}
        {keys && <Keys keys={keys} className={LINE_KEYS} />}
      </Link>
    </li>
  );
}
