import type { ComponentProps } from "react";
import { cn } from "./cn";

/** A square button with an icon; its label is its name and its tooltip. */
export function IconButton({
  label,
  keys,
  className,
  small = false,
  ...rest
}: ComponentProps<"button"> & { label: string; keys?: string; small?: boolean }) {
  return (
    <button
      type="button"
      aria-label={label}
      data-tip={label}
      data-keys={keys}
      className={cn(
        "inline-flex shrink-0 pointer-coarse:size-10 items-center justify-center rounded-md text-muted transition-colors duration-100",
        "hover:bg-hover hover:text-text disabled:pointer-events-none disabled:opacity-50",
        "data-[state=open]:bg-hover data-[state=open]:text-text",
        "aria-pressed:bg-accent-soft aria-pressed:text-accent",
        small ? "size-7 [&>svg]:size-[15px]" : "size-9 [&>svg]:size-[18px]",
        className,
      )}
      {...rest}
    />
  );
}
