import { ChevronsUpDown, Coins, Keyboard, LogOut, Settings } from "lucide-react";
import { useLocation } from "wouter";
import { closeSheet } from "@/app/layout";
import { openShortcuts } from "@/commands/state";
import { useLogOut } from "@/session/log-out";
import { useMe } from "@/session/me";
import { Menu, MenuContent, MenuItem, MenuSeparator, MenuTrigger } from "@/ui/menu";
import { t } from "@/words";

export function AccountMenu() {
  const { data: me } = useMe();
  const [, navigate] = useLocation();
  const logOut = useLogOut();
  const name = me?.displayName || me?.email || "";
  const go = (path: string) => () => {
    closeSheet();
    navigate(path);
  };
  return (
    <div className="safe-bottom shrink-0 border-t border-line px-2.5 pt-2">
      <Menu>
        <MenuTrigger className="flex h-11 w-full items-center gap-2.5 rounded-md px-2 text-left text-sm hover:bg-hover data-[state=open]:bg-hover">
          <span
            aria-hidden
            className="flex size-7 shrink-0 items-center justify-center rounded-full bg-accent-soft text-[11px] font-bold text-accent uppercase"
          >
            {initials(name)}
          </span>
          <span className="min-w-0 flex-1 truncate">
            <span className="sr-only">{t("nav.account")} </span>
            {name}
          </span>
          <ChevronsUpDown aria-hidden className="size-4 text-muted" />
        </MenuTrigger>
        <MenuContent side="top" align="start" className="w-60">
          {me && <p className="truncate px-2.5 py-1.5 text-xs text-muted">{me.email}</p>}
          <MenuItem onSelect={go("/settings")}>
            <Settings aria-hidden />
            {t("nav.settings")}
          </MenuItem>
          <MenuItem onSelect={go("/credits")}>
            <Coins aria-hidden />
            {t("credits.title")}
          </MenuItem>
          <MenuItem onSelect={openShortcuts}>
            <Keyboard aria-hidden />
            {t("nav.shortcuts")}
          </MenuItem>
          <MenuSeparator />
          <MenuItem onSelect={() => void logOut(false)}>
            <LogOut aria-hidden />
            {t("nav.logOut")}
          </MenuItem>
        </MenuContent>
      </Menu>
    </div>
  );
}

function initials(name: string): string {
  const words = name.split(/[\s.@_-]+/).filter(Boolean);
  return words
    .slice(0, 2)
    .map((word) => word[0])
    .join("");
}
