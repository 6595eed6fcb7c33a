import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { t } from "@/words";
import { cn } from "./cn";
import { IconButton } from "./icon-button";

/** A modal window with a title. Without onClose it cannot be dismissed. */
export function Dialog({
  title,
  text,
  onClose,
  className,
  children,
}: {
  title: string;
  text?: string;
  onClose?: () => void;
  className?: string;
  children?: ReactNode;
}) {
  return (
    <Radix.Root open onOpenChange={(open) => !open && onClose?.()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 animate-[fade_120ms] bg-backdrop" />
        <Radix.Content
          {...(text ? {} : { "aria-describedby": undefined })}
          className={cn(
            "appear fixed inset-x-3 top-[12dvh] z-50 mx-auto max-h-[76dvh] max-w-md overflow-y-auto",
            "rounded-2xl border border-line bg-raised p-6 shadow-float",
            className,
          )}
        >
          <Radix.Title className="pr-8 text-lg font-semibold tracking-tight">{title}</Radix.Title>
          {text && (
            <Radix.Description className="mt-1.5 text-sm leading-6 text-soft">
              {text}
            </Radix.Description>
          )}
          {children}
          {/* Last, so that the first field has the focus when the window opens. */}
          {onClose && (
            <Radix.Close asChild>
              <IconButton label={t("common.close")} small className="absolute top-5 right-4">
                <X />
              </IconButton>
            </Radix.Close>
          )}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
