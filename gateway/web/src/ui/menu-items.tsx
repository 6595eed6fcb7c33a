import { DropdownMenu } from "radix-ui";
import type { ComponentProps } from "react";
import { cn } from "./cn";

const ITEM =
  "flex items-center gap-2.5 rounded-md px-2.5 py-2 text-sm outline-none select-none pointer-coarse:min-h-10 " +
  "data-[disabled]:opacity-50 [&>svg]:size-4 [&>svg]:shrink-0";
const PLAIN = "text-text data-[highlighted]:bg-hover [&>svg]:text-muted";
const DANGER = "text-danger data-[highlighted]:bg-danger-soft";

export const MenuRadioGroup = DropdownMenu.RadioGroup;

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
