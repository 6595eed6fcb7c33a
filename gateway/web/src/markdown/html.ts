// Markdown as HTML for the clipboard. It is built from the tokens: every text is escaped, every tag stands in this file.
import type { Token, Tokens } from "marked";
import { READ_MAX_MS } from "./limits";
import { type Part, parseOn } from "./parse";
import { decode } from "./references";
import { safeUrl } from "./safe-url";
import { type TagToken, withTags } from "./tags";

export function htmlOf(text: string): string {
  return blocks(parseOn(undefined, text, READ_MAX_MS).blocks);
}

export function escapeHtml(text: string): string {
  return text.replace(
    /[&<>"']/g,
    (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign] ?? "&#39;",
  );
}

function blocks(tokens: Token[] | undefined): string {
  return tokens?.map((token) => html(token as Part)).join("") ?? "";
}

function inline(tokens: Token[] | undefined): string {
  return tokens
    ? withTags(tokens)
        .map((token) => html(token as Part | TagToken))
        .join("")
    : "";
}

const lines = (text: string) => escapeHtml(text).replaceAll("\n", "<br>");

function html(token: Part | TagToken): string {
  switch (token.type) {
    case "paragraph":
      return `<p>${inline(token.tokens)}</p>`;
    case "piece":
      return inline(token.tokens);
    case "plain":
      return `<p>${lines(token.text)}</p>`;
    case "details":
      return `<p><b>${inline(token.summary)}</b></p>${blocks(token.tokens)}`;
    case "footnote":
      return `<p><sup>${escapeHtml(token.label)}</sup> ${inline(token.tokens)}</p>`;
    case "footnoteRef":
      return `<sup>${escapeHtml(token.label)}</sup>`;
    case "tag":
      return `<${token.name}>${inline(token.tokens)}</${token.name}>`;
    case "heading": {
      const level = Math.min(Math.max(token.depth, 1), 6);
      return `<h${level}>${inline(token.tokens)}</h${level}>`;
    }
    case "code":
      return `<pre><code>${escapeHtml(token.text)}</code></pre>`;
    case "list":
      return list(token);
    case "blockquote":
      return `<blockquote>${blocks(token.tokens)}</blockquote>`;
    case "table":
      return table(token);
    case "hr":
      return "<hr>";
    case "math":
      return token.display
        ? `<p><code>${escapeHtml(token.text)}</code></p>`
        : `<code>${escapeHtml(token.text)}</code>`;
    case "strong":
      return `<b>${inline(token.tokens)}</b>`;
    case "em":
      return `<i>${inline(token.tokens)}</i>`;
    case "del":
      return `<s>${inline(token.tokens)}</s>`;
    case "codespan":
      return `<code>${escapeHtml(token.text)}</code>`;
    case "br":
      return "<br>";
    case "link":
      return link(token.href, inline(token.tokens));
    case "image":
      return link(token.href, escapeHtml(token.text || token.href));
    case "checkbox":
      return token.checked ? "☑ " : "☐ ";
    case "html":
      if (/^\s*<br\s*\/?>\s*$/i.test(token.text)) return "<br>";
      return token.block ? `<p>${lines(token.text)}</p>` : escapeHtml(token.text);
    case "text":
      return token.tokens ? inline(token.tokens) : escapeHtml(decode(token.text));
    case "escape":
      return escapeHtml(token.text);
    default:
      return ""; // space and def show nothing
  }
}

/** A link, or its text when the address must not be opened. A picture is a link: nothing is loaded where it is pasted. */
function link(href: string, text: string): string {
  const url = safeUrl(href);
  return url ? `<a href="${escapeHtml(url.href)}">${text}</a>` : text;
}

function list(token: Tokens.List): string {
  const items = token.items.map((item) => `<li>${blocks(item.tokens)}</li>`).join("");
  const start = Number(token.start) || 1;
  if (!token.ordered) return `<ul>${items}</ul>`;
  return start === 1 ? `<ol>${items}</ol>` : `<ol start="${start}">${items}</ol>`;
}

function table(token: Tokens.Table): string {
  const row = (cells: Tokens.TableCell[], tag: "th" | "td") =>
    `<tr>${cells.map((cell) => `<${tag}>${inline(cell.tokens)}</${tag}>`).join("")}</tr>`;
  const body = token.rows.map((cells) => row(cells, "td")).join("");
  return `<table><thead>${row(token.header, "th")}</thead><tbody>${body}</tbody></table>`;
}
