import { DropdownMenu } from "radix-ui";
import type { ComponentProps, ReactNode } from "react";
import { cn } from "./cn";

/** The rest of the page stays in reach: whoever clicks it means it. */
export function Menu({ children }: { children: ReactNode }) {
  return <DropdownMenu.Root modal={false}>{children}</DropdownMenu.Root>;
}

export const MenuTrigger = DropdownMenu.Trigger;
export const MenuRadioGroup = DropdownMenu.RadioGroup;

export function MenuContent({ className, ...rest }: ComponentProps<typeof DropdownMenu.Content>) {
  return (
    <DropdownMenu.Portal>
      <DropdownMenu.Content
        sideOffset={6}
        collisionPadding={8}
        className={cn(
          "appear z-50 min-w-44 rounded-xl border border-line bg-raised p-1.5 shadow-float",
          "max-h-(--radix-dropdown-menu-content-available-height) overflow-y-auto",
          className,
        )}
        {...rest}
      />
    </DropdownMenu.Portal>
  );
}

const ITEM =
  "flex items-center gap-2.5 rounded-md px-2.5 py-2 text-sm outline-none select-none " +
  "data-[disabled]:opacity-50 [&>svg]:size-4 [&>svg]:shrink-0";
const PLAIN = "text-text data-[highlighted]:bg-hover [&>svg]:text-muted";
const DANGER = "text-danger data-[highlighted]:bg-danger-soft";

export function MenuItem({
  danger = false,
  className,
  ...rest
}: ComponentProps<typeof DropdownMenu.Item> & { danger?: boolean }) {
  return <DropdownMenu.Item className={cn(ITEM, danger ? DANGER : PLAIN, className)} {...rest} />;
}

export function MenuRadioItem({
  className,
  ...rest
}: ComponentProps<typeof DropdownMenu.RadioItem>) {
  return <DropdownMenu.RadioItem className={cn(ITEM, PLAIN, className)} {...rest} />;
}

export const MenuItemIndicator = DropdownMenu.ItemIndicator;

export function MenuSeparator() {
  return <DropdownMenu.Separator className="mx-1.5 my-1.5 h-px bg-line" />;
}
