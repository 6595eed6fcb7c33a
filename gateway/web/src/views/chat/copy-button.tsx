import { Check, Copy } from "lucide-react";
import { useCopy } from "@/ui/clipboard";
import { IconButton } from "@/ui/icon-button";
import { t } from "@/words";

export function CopyButton({
  text,
  label,
  className,
}: {
  text: string;
  label: string;
  className?: string;
}) {
  const { copied, copy } = useCopy();
  return (
    <IconButton
      label={copied ? t("common.copied") : label}
      small
      onClick={() => copy(text)}
      className={className}
    >
      {copied ? <Check className="text-good" /> : <Copy />}
    </IconButton>
  );
}
