import { ChevronsUpDown } from "lucide-react";
import { useMe } from "@/data/account";
import { lazyPage } from "@/ui/lazy-view";
import { MenuButton } from "@/ui/menu";
import { t } from "@/words";

const Items = lazyPage(() => import("./account-menu-items"), "menu");

export function AccountMenu() {
  const { data: me } = useMe();
  const name = me?.displayName || me?.email || "";
  return (
    <div className="safe-bottom shrink-0 border-t border-line px-2.5 pt-2">
      <MenuButton
        menu={<Items />}
        place={{ side: "top", className: "w-60" }}
        className="flex h-11 w-full items-center gap-2.5 rounded-md px-2 text-left text-sm hover:bg-hover data-[state=open]:bg-hover"
      >
        <span
          aria-hidden
          className="flex size-7 shrink-0 items-center justify-center rounded-full bg-accent-soft text-[11px] font-bold text-accent uppercase"
        >
          {initials(name)}
        </span>
        <span className="min-w-0 flex-1 truncate">
          <span className="sr-only">{t("nav.account")} </span>
          <bdi>{name}</bdi>
        </span>
        <ChevronsUpDown aria-hidden className="size-4 text-muted" />
      </MenuButton>
    </div>
  );
}

function initials(name: string): string {
  const words = name.split(/[\s.@_-]+/).filter(Boolean);
  return words
    .slice(0, 2)
    .map((word) => [...word][0])
    .join("");
}
