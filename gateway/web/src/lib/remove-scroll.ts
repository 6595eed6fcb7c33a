// Stands in for react-remove-scroll, which Radix puts around windows and menus. The document of this page never
// scrolls, so there is nothing to lock; and the package would add a <style> element that the content security policy
// refuses.
import type { ReactNode } from "react";

export function RemoveScroll({ children }: { children: ReactNode }) {
  return children;
}
