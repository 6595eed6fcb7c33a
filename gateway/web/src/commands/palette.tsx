import { Command } from "cmdk";
import {
  Archive,
  Coins,
  Keyboard,
  LogOut,
  MessageSquare,
  Search,
  Settings,
  SquarePen,
  SunMoon,
} from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { type ReactNode, useEffect } from "react";
import { useLocation } from "wouter";
import { setTheme, useIsDark } from "@/app/theme";
import { useLogOut } from "@/session/log-out";
import { titleOf, useChats } from "@/sidebar/chats";
import { Keys } from "@/ui/keys";
import { t } from "@/words";
import { closeWindow, openShortcuts } from "./state";

/** Ctrl-K: the chats by title, and everything that has a name. */
export default function Palette() {
  const [, navigate] = useLocation();
  const dark = useIsDark();
  const logOut = useLogOut();
  const chats = useAllChats();
  const run = (action: () => void) => () => {
    closeWindow();
    action();
  };
  const go = (path: string) => run(() => navigate(path));
  return (
    <Radix.Root open onOpenChange={closeWindow}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 animate-[fade_120ms] bg-backdrop" />
        <Radix.Content
          aria-describedby={undefined}
          className="appear fixed inset-x-3 top-[12dvh] z-50 mx-auto max-w-xl overflow-hidden rounded-2xl border border-line bg-raised shadow-float"
        >
          <Radix.Title className="sr-only">{t("commands.title")}</Radix.Title>
          <Command label={t("commands.title")} loop>
            <div className="flex items-center gap-3 border-b border-line px-4">
              <Search aria-hidden className="size-4 shrink-0 text-muted" />
              <Command.Input
                placeholder={t("commands.placeholder")}
                className="h-12 w-full bg-transparent text-base outline-none placeholder:text-muted sm:text-[15px]"
              />
            </div>
            <Command.List className="max-h-[50dvh] scroll-py-2 overflow-y-auto p-2 [&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-muted">
              <Command.Empty className="px-2.5 py-6 text-center text-sm text-muted">
                {t("commands.none")}
              </Command.Empty>
              <Command.Group heading={t("commands.actions")}>
                <Item icon={<SquarePen />} onSelect={go("/")} keys="Ctrl+Shift+O">
                  {t("nav.newChat")}
                </Item>
                <Item icon={<SunMoon />} onSelect={run(() => setTheme(dark ? "light" : "dark"))}>
                  {t("commands.theme")}
                </Item>
                <Item icon={<Coins />} onSelect={go("/credits")}>
                  {t("credits.title")}
                </Item>
                <Item icon={<Coins />} onSelect={go("/pricing")}>
                  {t("nav.pricing")}
                </Item>
                <Item icon={<Settings />} onSelect={go("/settings")}>
                  {t("nav.settings")}
                </Item>
                <Item icon={<Archive />} onSelect={go("/settings/archived")}>
                  {t("settings.archived")}
                </Item>
                <Item icon={<Keyboard />} onSelect={run(openShortcuts)} keys="?">
                  {t("nav.shortcuts")}
                </Item>
                <Item icon={<LogOut />} onSelect={run(() => void logOut(false))}>
                  {t("nav.logOut")}
                </Item>
              </Command.Group>
              <Command.Group heading={t("commands.chats")}>
                {chats.map((chat) => (
                  <Item
                    key={chat.id}
                    value={`${titleOf(chat)} ${chat.id}`}
                    icon={<MessageSquare />}
                    onSelect={go(`/chat/${chat.id}`)}
                  >
                    {titleOf(chat)}
                  </Item>
                ))}
              </Command.Group>
            </Command.List>
          </Command>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

function Item({
  icon,
  keys,
  value,
  onSelect,
  children,
}: {
  icon: ReactNode;
  keys?: string;
  value?: string;
  onSelect: () => void;
  children: ReactNode;
}) {
  return (
    <Command.Item
      {...(value ? { value } : {})}
      onSelect={onSelect}
      className="flex h-9 items-center gap-3 rounded-md px-2.5 text-sm data-[selected=true]:bg-hover [&>svg]:size-4 [&>svg]:shrink-0 [&>svg]:text-muted"
    >
      {icon}
      <span className="min-w-0 flex-1 truncate">{children}</span>
      {keys && <Keys keys={keys} className="text-muted" />}
    </Command.Item>
  );
}

/** All chats, loaded page by page while the window is open: a search that misses some would be a wrong answer. */
function useAllChats() {
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = useChats();
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  return data?.pages.flatMap((page) => page.chats) ?? [];
}
