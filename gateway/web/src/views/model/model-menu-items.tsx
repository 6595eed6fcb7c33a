import { Check } from "lucide-react";
import { focusComposer } from "@/ui/focus";
import { MenuItemIndicator, MenuRadioGroup, MenuRadioItem } from "@/ui/menu-items";
import { t } from "@/words";
import { priceText, useModelChoice } from "./choice";

const compact = new Intl.NumberFormat("en", { notation: "compact" });

export default function ModelMenuItems({ chat }: { chat: string | undefined }) {
  const { models = [], model, choose } = useModelChoice(chat);
  // Where all models are demo models, the composer says so once for all.
  const someReal = models.some((one) => !one.demo);
  return (
    <MenuRadioGroup
      value={model?.id ?? ""}
      onValueChange={(id) => {
        choose(id);
        focusComposer();
      }}
      aria-label={t("model.choose")}
    >
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
  );
}
