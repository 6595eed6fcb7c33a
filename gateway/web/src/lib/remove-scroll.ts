// Replaces react-remove-scroll, which Radix puts around windows and menus. This page's document never scrolls, so there
// is nothing to lock. The package adds a <style> element, which the content security policy refuses.
import type { ReactNode } from "react";

export function RemoveScroll({ children }: { children: ReactNode }) {
  return children;
}
