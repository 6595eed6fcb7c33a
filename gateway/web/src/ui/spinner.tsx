import { LoaderCircle } from "lucide-react";
import { t } from "@/words";
import { cn } from "./cn";

export function Spinner({ className }: { className?: string }) {
  return (
    <LoaderCircle
      role="status"
      aria-label={t("common.loading")}
      className={cn("late size-4 animate-spin", className)}
    />
  );
}
