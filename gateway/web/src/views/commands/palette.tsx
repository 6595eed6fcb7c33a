import { Command } from "cmdk";
import {
  Archive,
  Coins,
  FolderPlus,
  Keyboard,
  LayoutTemplate,
  ListChecks,
  LogOut,
  MessageSquare,
  Search,
  Settings,
  SquarePen,
  SunMoon,
  Trash2,
} from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { type ReactNode, useState } from "react";
import { useLocation } from "wouter";
import { titleOf } from "@/data/chats";
import { useTitles } from "@/data/titles";
import { focusComposer } from "@/ui/focus";
import { Keys } from "@/ui/keys";
import { closeWindow, openShortcuts } from "@/ui/open-window";
import { setTheme, useIsDark } from "@/ui/theme";
import { useLogOut } from "@/views/auth/log-out";
import { newProject } from "@/views/projects/new-project";
import { showSidebar } from "@/views/sidebar/layout";
import { beginSelection } from "@/views/sidebar/selection";
import { t } from "@/words";
import { FoundMessages, FoundTitle, useFound } from "./found";
import { search } from "./match";

/** The most chats that are shown at once. */
const SHOWN_MAX = 50;

/** Ctrl-K: finds chats by their title, messages by their words, and commands by their name. */
export default function Palette() {
  const [query, setQuery] = useState("");
  const commands = useCommands();
  const titles = useTitles();
  const found = search(titles.chats, query);
  const [, navigate] = useLocation();
  const shown = found.slice(0, SHOWN_MAX);
  const server = useFound(query);
  const others = server.titles.filter(({ chat }) => !shown.some(({ id }) => id === chat));
  const messages = server.messages.length > 0 && (
    <FoundMessages key="messages" hits={server.messages} query={query} />
  );
  const chats = (shown.length > 0 || others.length > 0) && (
    <Command.Group key="chats" heading={t("commands.chats")}>
      {shown.map((chat) => (
        <Item
          key={chat.id}
          value={chat.id}
          icon={chat.archived ? <Archive /> : <MessageSquare />}
          onSelect={() => {
            closeWindow();
            navigate(`/chat/${chat.id}`);
          }}
        >
          <bdi>{titleOf(chat)}</bdi>
        </Item>
      ))}
      {others.map((hit) => (
        <FoundTitle key={hit.chat} hit={hit} />
      ))}
    </Command.Group>
  );
  const named = search(commands, query);
  const actions = named.length > 0 && (
    <Command.Group key="actions" heading={t("commands.actions")}>
      {named.map(({ id, title, icon, keys, onSelect }) => (
        <Item key={id} value={id} icon={icon} keys={keys} onSelect={onSelect}>
          {title}
        </Item>
      ))}
    </Command.Group>
  );
  return (
    <Radix.Root open onOpenChange={closeWindow}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 animate-[fade_120ms] bg-backdrop" />
        <Radix.Content
          aria-describedby={undefined}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            focusComposer();
          }}
          className="appear fixed inset-x-3 top-[12dvh] z-50 mx-auto max-w-xl overflow-hidden rounded-2xl border border-line bg-raised shadow-float"
        >
          <Radix.Title className="sr-only">{t("commands.title")}</Radix.Title>
          <Command label={t("commands.title")} loop shouldFilter={false}>
            <div className="flex items-center gap-3 border-b border-line px-4">
              <Search aria-hidden className="size-4 shrink-0 text-muted" />
              <Command.Input
                value={query}
                onValueChange={setQuery}
                dir="auto"
                placeholder={t("commands.placeholder")}
                className="h-12 w-full bg-transparent text-base outline-none placeholder:text-muted sm:text-[15px]"
              />
            </div>
            <Command.List className="max-h-[50dvh] scroll-py-2 overflow-y-auto p-2 [&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-muted">
              {!titles.loading && !server.busy && (
                <Command.Empty className="px-2.5 py-6 text-center text-sm text-muted">
                  {t("commands.none")}
                </Command.Empty>
              )}
              {query.trim() ? [chats, messages, actions] : [actions, chats]}
            </Command.List>
            <Extent
              titles={titles}
              hidden={found.length - shown.length}
              searching={server.busy}
              broken={server.error !== null}
            />
          </Command>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** Says how much was searched, when the list leaves something out. */
function Extent({
  titles,
  hidden,
  searching,
  broken,
}: {
  titles: ReturnType<typeof useTitles>;
  hidden: number;
  searching: boolean;
  broken: boolean;
}) {
  const count = titles.chats.length;
  const said = broken
    ? t("commands.broken")
    : searching
      ? t("commands.searching")
      : titles.failed
        ? t("commands.failed", { count })
        : titles.loading
          ? t("commands.loading", { count })
          : titles.cut
            ? t("commands.cut", { count })
            : hidden > 0 && t("commands.hidden", { count: hidden });
  if (!said) return null;
  return (
    <p role="status" className="border-t border-line px-4.5 py-2 text-xs text-muted">
      {said}
    </p>
  );
}

interface Named {
  id: string;
  title: string;
  icon: ReactNode;
  keys?: string;
  onSelect: () => void;
}

function useCommands(): Named[] {
  const [, navigate] = useLocation();
  const dark = useIsDark();
  const logOut = useLogOut();
  const run = (action: () => void) => () => {
    closeWindow();
    action();
  };
  const go = (path: string) => run(() => navigate(path));
  return [
    {
      id: "new",
      title: t("nav.newChat"),
      icon: <SquarePen />,
      keys: "Ctrl+Shift+O",
      onSelect: go("/"),
    },
    {
      id: "theme",
      title: t("commands.theme"),
      icon: <SunMoon />,
      onSelect: run(() => setTheme(dark ? "light" : "dark")),
    },
    { id: "search", title: t("search.title"), icon: <Search />, onSelect: go("/search") },
    { id: "credits", title: t("credits.title"), icon: <Coins />, onSelect: go("/credits") },
    {
      id: "templates",
      title: t("nav.templates"),
      icon: <LayoutTemplate />,
      onSelect: go("/templates"),
    },
    {
      id: "project",
      title: t("projects.add"),
      icon: <FolderPlus />,
      onSelect: run(() => newProject.set(true)),
    },
    { id: "pricing", title: t("nav.pricing"), icon: <Coins />, onSelect: go("/pricing") },
    { id: "settings", title: t("nav.settings"), icon: <Settings />, onSelect: go("/settings") },
    {
      id: "archived",
      title: t("settings.archived"),
      icon: <Archive />,
      onSelect: go("/settings/archived"),
    },
    { id: "bin", title: t("settings.bin"), icon: <Trash2 />, onSelect: go("/settings/bin") },
    {
      id: "select",
      title: t("select.begin"),
      icon: <ListChecks />,
      onSelect: run(() => {
        showSidebar();
        beginSelection();
      }),
    },
    {
      id: "shortcuts",
      title: t("nav.shortcuts"),
      icon: <Keyboard />,
      keys: "?",
      onSelect: run(openShortcuts),
    },
    {
      id: "logout",
      title: t("nav.logOut"),
      icon: <LogOut />,
      onSelect: run(() => void logOut(false)),
    },
  ];
}

function Item({
  icon,
  keys,
  value,
  onSelect,
  children,
}: {
  icon: ReactNode;
  keys?: string | undefined;
  value: string;
  onSelect: () => void;
  children: ReactNode;
}) {
  return (
    <Command.Item
      value={value}
      onSelect={onSelect}
      className="flex h-9 items-center gap-3 rounded-md px-2.5 text-sm data-[selected=true]:bg-hover pointer-coarse:h-10 [&>svg]:size-4 [&>svg]:shrink-0 [&>svg]:text-muted"
    >
      {icon}
      <span className="min-w-0 flex-1 truncate">{children}</span>
      {keys && <Keys keys={keys} className="text-muted" />}
    </Command.Item>
  );
}
