import type { ComponentProps } from "react";
import { cn } from "./cn";

type ButtonLook = "primary" | "outline" | "quiet" | "danger";

const LOOKS: Record<ButtonLook, string> = {
  primary: "bg-strong text-on-strong hover:opacity-88",
  outline: "border border-line-strong bg-raised hover:bg-hover",
  quiet: "text-soft hover:bg-hover hover:text-text",
  danger: "border border-danger/40 bg-raised text-danger hover:bg-danger-soft",
};

/** On a touch screen no button is smaller than a finger. */
const SIZES = {
  small: "h-8 pointer-coarse:h-10",
  medium: "h-9 pointer-coarse:h-10",
  large: "h-11",
};

const BASE =
  "inline-flex shrink-0 items-center justify-center gap-2 rounded-md px-3.5 text-sm font-medium " +
  "transition-[background-color,opacity,color] duration-100 disabled:pointer-events-none disabled:opacity-50";

export function buttonClass(look: ButtonLook, size: keyof typeof SIZES = "medium"): string {
  return cn(BASE, LOOKS[look], SIZES[size]);
}

export function Button({
  look = "outline",
  size = "medium",
  className,
  ...rest
}: ComponentProps<"button"> & { look?: ButtonLook; size?: keyof typeof SIZES }) {
  return <button type="button" className={cn(buttonClass(look, size), className)} {...rest} />;
}
