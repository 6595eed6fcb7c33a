import "katex/dist/katex.min.css";
import katex from "katex";

/** Builds nodes and no HTML: style attributes in HTML would break the content security policy. */
export function set(tex: string, place: HTMLElement, displayMode: boolean): void {
  katex.render(tex, place, { displayMode, throwOnError: false, strict: "ignore", trust: false });
}
