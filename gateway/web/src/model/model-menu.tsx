import { Check, ChevronDown } from "lucide-react";
import { cn } from "@/ui/cn";
import {
  Menu,
  MenuContent,
  MenuItemIndicator,
  MenuRadioGroup,
  MenuRadioItem,
  MenuTrigger,
} from "@/ui/menu";
import { Skeleton } from "@/ui/skeleton";
import { t } from "@/words";
import { priceText, useModelChoice } from "./choice";

const compact = new Intl.NumberFormat("en", { notation: "compact" });

/** The model's name and price; opens the catalogue. */
export function ModelMenu({
  chat,
  beside = false,
}: {
  chat: string | undefined;
  beside?: boolean;
}) {
  const { models, model, choose } = useModelChoice(chat);
  if (!models) return <Skeleton className="ml-2 h-5 w-40" />;
  if (!model) return <span className="px-2 text-sm text-muted">{t("model.none")}</span>;
  const price = priceText(model);
  // Where all are demo models the composer says so, once.
  const someReal = models.some((one) => !one.demo);
  return (
    <Menu>
      <MenuTrigger
        className={cn(
          "flex min-w-0 max-w-full items-center gap-2 rounded-md px-2 hover:bg-hover data-[state=open]:bg-hover",
          beside
            ? "h-9 text-sm text-soft max-md:h-6 max-md:text-xs"
            : "h-9 text-[15px] font-medium",
        )}
      >
        <span className="truncate">
          <span className="sr-only">{t("model.current")} </span>
          {model.displayName}
        </span>{" "}
        <span className="hidden truncate text-[13px] font-normal text-muted sm:inline">
          {price}
        </span>
        <ChevronDown aria-hidden className="size-3.5 shrink-0 text-muted" />
      </MenuTrigger>
      <MenuContent align="start" className="w-[min(440px,calc(100vw-16px))]">
        <MenuRadioGroup value={model.id} onValueChange={choose} aria-label={t("model.choose")}>
          {models.map((one) => (
            <MenuRadioItem key={one.id} value={one.id} className="items-start">
              <span className="mt-0.5 size-4 shrink-0">
                <MenuItemIndicator>
                  <Check aria-hidden className="size-4 text-accent" />
                </MenuItemIndicator>
              </span>
              <span className="min-w-0 flex-1">
                <span className="flex flex-wrap items-baseline gap-x-2">
                  <span className="font-medium">{one.displayName}</span>
                  {one.demo && someReal && (
                    <span className="rounded bg-warn-soft px-1.5 text-[11px] font-medium text-warn">
                      {t("model.demo")}
                    </span>
                  )}
                  <span className="ml-auto text-xs text-soft tabular-nums">{priceText(one)}</span>
                </span>
                <span className="mt-0.5 flex gap-2 text-xs text-muted">
                  <span className="min-w-0 flex-1 truncate" title={one.description}>
                    {one.description}
                  </span>
                  {one.contextWindow > 0 &&
                    t("model.context", { size: compact.format(one.contextWindow) })}
                </span>
              </span>
            </MenuRadioItem>
          ))}
        </MenuRadioGroup>
      </MenuContent>
    </Menu>
  );
}
