import { Moon, Sun } from "lucide-react";
import { IconButton } from "@/ui/icon-button";
import { setTheme, useIsDark } from "@/ui/theme";
import { t } from "@/words";

export function ThemeButton({ className }: { className?: string }) {
  const dark = useIsDark();
  return (
    <IconButton
      {...(className ? { className } : {})}
      label={t(dark ? "theme.toLight" : "theme.toDark")}
      onClick={() => setTheme(dark ? "light" : "dark")}
    >
      {dark ? <Sun /> : <Moon />}
    </IconButton>
  );
}
