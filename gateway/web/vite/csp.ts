// The page runs under `style-src 'self'`, so libraries must not add <style> elements.
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

/** Radix' scroll lock adds a <style> element at run time. */
export const removeScroll = {
  find: "react-remove-scroll",
  replacement: fileURLToPath(new URL("../src/lib/remove-scroll.ts", import.meta.url)),
};

/** Sonner adds its styles when it is loaded. main.css imports the same rules from its package. */
export function sonnerWithoutStyleElement(): Plugin {
  const call = /\n__insertCSS\("(?:[^"\\]|\\.)*"\);/;
  return {
    name: "sonner-without-style-element",
    enforce: "pre",
    transform(code, id) {
      if (!id.includes("/sonner/dist/index.mjs")) return null;
      if (!call.test(code)) this.error("sonner does not inject its styles where it used to");
      return { code: code.replace(call, ""), map: null };
    },
  };
}
