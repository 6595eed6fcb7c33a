import { DropdownMenu } from "radix-ui";
import { type ReactNode, useEffect, useRef } from "react";
import { cn } from "./cn";

export interface MenuPlace {
  side?: "top" | "bottom";
  className?: string;
}

/** An open menu beside the button at `anchor`. */
export default function MenuBox({
  anchor,
  place,
  onClose,
  children,
}: {
  anchor: DOMRect;
  place: MenuPlace;
  /** `back`: the focus returns to the button. */
  onClose: (back: boolean) => void;
  children: ReactNode;
}) {
  const outside = useRef(false);
  useEffect(() => {
    const close = () => onClose(false); // The button is somewhere else now.
    window.addEventListener("resize", close);
    return () => window.removeEventListener("resize", close);
  }, [onClose]);
  const { left, top, width, height } = anchor;
  return (
    // Not modal: a click beside the menu closes it, and does its work at once.
    <DropdownMenu.Root
      open
      modal={false}
      onOpenChange={(open) => !open && onClose(!outside.current)}
    >
      <DropdownMenu.Trigger asChild>
        <span
          aria-hidden
          className="pointer-events-none fixed"
          style={{ left, top, width, height }}
        />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          side={place.side ?? "bottom"}
          align="start"
          sideOffset={6}
          collisionPadding={8}
          onInteractOutside={() => {
            outside.current = true;
          }}
          onCloseAutoFocus={(event) => event.preventDefault()}
          className={cn(
            "appear z-50 min-w-44 rounded-xl border border-line bg-raised p-1.5 shadow-float",
            "max-h-(--radix-dropdown-menu-content-available-height) overflow-y-auto",
            place.className,
          )}
        >
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
