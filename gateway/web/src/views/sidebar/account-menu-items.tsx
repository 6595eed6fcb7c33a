import { Coins, Keyboard, LogOut, Settings, ShieldCheck } from "lucide-react";
import { useLocation } from "wouter";
import { useMe } from "@/data/account";
import { MenuItem, MenuSeparator } from "@/ui/menu-items";
import { openShortcuts } from "@/ui/open-window";
import { useLogOut } from "@/views/auth/log-out";
import { t } from "@/words";
import { closeSheet } from "./layout";

export default function AccountMenuItems() {
  const { data: me } = useMe();
  const [, navigate] = useLocation();
  const logOut = useLogOut();
  const go = (path: string) => () => {
    closeSheet();
    navigate(path);
  };
  return (
    <>
      {me && <p className="truncate px-2.5 py-1.5 text-xs text-muted">{me.email}</p>}
      <MenuItem onSelect={go("/settings")}>
        <Settings aria-hidden />
        {t("nav.settings")}
      </MenuItem>
      <MenuItem onSelect={go("/credits")}>
        <Coins aria-hidden />
        {t("credits.title")}
      </MenuItem>
      {me?.role === "ADMIN" && (
        <MenuItem onSelect={go("/admin")}>
          <ShieldCheck aria-hidden />
          {t("admin.title")}
        </MenuItem>
      )}
      <MenuItem onSelect={openShortcuts}>
        <Keyboard aria-hidden />
        {t("nav.shortcuts")}
      </MenuItem>
      <MenuSeparator />
      <MenuItem onSelect={() => void logOut(false)}>
        <LogOut aria-hidden />
        {t("nav.logOut")}
      </MenuItem>
    </>
  );
}
