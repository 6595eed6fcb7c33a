import { ChevronDown } from "lucide-react";
import { cn } from "@/ui/cn";
import { lazyView } from "@/ui/lazy-view";
import { MenuButton } from "@/ui/menu";
import { Skeleton } from "@/ui/skeleton";
import { t } from "@/words";
import { priceText, useModelChoice } from "./choice";

const Items = lazyView(() => import("./model-menu-items"), "menu");

/** The model's name and price: a button that opens the catalogue. */
export function ModelMenu({
  chat,
  beside = false,
}: {
  chat: string | undefined;
  beside?: boolean;
}) {
  const { models, model } = useModelChoice(chat);
  if (!models) return <Skeleton className="ml-2 h-5 w-40" />;
  if (!model) return <span className="px-2 text-sm text-muted">{t("model.none")}</span>;
  return (
    <MenuButton
      menu={<Items chat={chat} />}
      place={{ className: "w-[min(440px,calc(100vw-16px))]" }}
      className={cn(
        "flex min-w-0 max-w-full pointer-coarse:h-10 items-center gap-2 rounded-md px-2 hover:bg-hover data-[state=open]:bg-hover",
        beside
          ? "h-9 text-sm text-soft max-sm:max-w-1/2 max-sm:shrink-0 max-sm:px-1.5"
          : "h-9 text-[15px] font-medium",
      )}
    >
      <span className="truncate">
        <span className="sr-only">{t("model.current")} </span>
        {model.displayName}
      </span>{" "}
      <span className="hidden truncate text-[13px] font-normal text-muted sm:inline">
        {priceText(model)}
      </span>
      <ChevronDown aria-hidden className="size-3.5 shrink-0 text-muted" />
    </MenuButton>
  );
}
