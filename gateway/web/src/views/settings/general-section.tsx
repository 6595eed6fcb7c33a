import { Monitor, Moon, Sun } from "lucide-react";
import { RadioGroup } from "radix-ui";
import { Button } from "@/ui/button";
import { openShortcuts } from "@/ui/open-window";
import { setTheme, type Theme, useTheme } from "@/ui/theme";
import { t } from "@/words";
import { AllChats } from "./all-chats";
import { Block } from "./block";

const THEMES = [
  ["system", Monitor],
  ["light", Sun],
  ["dark", Moon],
] as const;

export function GeneralSection() {
  const theme = useTheme();
  return (
    <>
      <Block title={t("settings.appearance")} text={t("settings.appearanceText")}>
        <RadioGroup.Root
          aria-label={t("theme.label")}
          value={theme}
          onValueChange={(value) => setTheme(value as Theme)}
          className="flex rounded-[10px] border border-line bg-side p-1"
        >
          {THEMES.map(([name, Icon]) => (
            <RadioGroup.Item
              key={name}
              value={name}
              className="flex h-8 pointer-coarse:h-10 items-center gap-2 rounded-md px-3 text-sm text-soft hover:text-text data-[state=checked]:bg-raised data-[state=checked]:text-text data-[state=checked]:shadow-composer"
            >
              <Icon aria-hidden className="size-4" />
              {t(`theme.${name}`)}
            </RadioGroup.Item>
          ))}
        </RadioGroup.Root>
      </Block>
      <Block title={t("settings.keyboard")} text={t("settings.keyboardText")}>
        <Button onClick={openShortcuts}>{t("settings.keyboardAction")}</Button>
      </Block>
      <AllChats />
    </>
  );
}
