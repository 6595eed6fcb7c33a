// Markdown's tokens as elements of the page. HTML in a text stays text.
import { decodeNamedCharacterReference } from "decode-named-character-reference";
import { ExternalLink, Image } from "lucide-react";
import type { Token, Tokens } from "marked";
import { Fragment, type ReactNode } from "react";
import { cn } from "@/ui/cn";
import { t } from "@/words";
import { CodeBlock } from "./code-block";
import { Formula } from "./formula";
import type { Part } from "./parse";

export function Blocks({ tokens }: { tokens: Token[] | undefined }) {
  return tokens?.map((token, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: tokens have no other name, and are only added at the end.
    <Fragment key={index}>{element(token as Part)}</Fragment>
  ));
}

const Inline = Blocks;

function element(token: Part): ReactNode {
  switch (token.type) {
    case "paragraph":
      return (
        <p>
          <Inline tokens={token.tokens} />
        </p>
      );
    case "heading":
      return <Heading token={token} />;
    case "code":
      return <CodeBlock code={token.text} language={token.lang?.match(/^\S+/)?.[0] ?? ""} />;
    case "list":
      return <List token={token} />;
    case "blockquote":
      return (
        <blockquote>
          <Blocks tokens={token.tokens} />
        </blockquote>
      );
    case "table":
      return <Table token={token} />;
    case "hr":
      return <hr />;
    case "math":
      return <Formula tex={token.text} display={token.display} />;
    case "strong":
      return (
        <strong>
          <Inline tokens={token.tokens} />
        </strong>
      );
    case "em":
      return (
        <em>
          <Inline tokens={token.tokens} />
        </em>
      );
    case "del":
      return (
        <del>
          <Inline tokens={token.tokens} />
        </del>
      );
    case "codespan":
      return <code>{token.text}</code>;
    case "br":
      return <br />;
    case "link":
      return <Link token={token} />;
    case "image":
      return <Picture token={token} />;
    case "checkbox":
      return <input type="checkbox" checked={token.checked} disabled readOnly />;
    case "html":
      return /^<br\s*\/?>$/i.test(token.raw.trim()) ? <br /> : token.raw;
    case "text":
      return token.tokens ? <Inline tokens={token.tokens} /> : decode(token.text);
    case "escape":
      return token.text;
    default:
      return null; // space and def show nothing
  }
}

/** &lt; and its like, which Markdown takes from HTML. */
function decode(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|(\w+));/g,
    (whole, decimal, hex, name) => {
      if (name) return decodeNamedCharacterReference(name) || whole;
      const code = decimal ? Number(decimal) : Number.parseInt(hex, 16);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd";
    },
  );
}

function Heading({ token }: { token: Tokens.Heading }) {
  // The page's own heading is the first; an answer's begin below it.
  const Tag = `h${Math.min(token.depth + 1, 6)}` as "h2";
  return (
    <Tag data-depth={token.depth}>
      <Inline tokens={token.tokens} />
    </Tag>
  );
}

function List({ token }: { token: Tokens.List }) {
  const items = token.items.map((item, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: items have no other name, and are only added at the end.
    <li key={index} className={cn(item.task && "task-list-item")}>
      <Blocks tokens={item.tokens} />
    </li>
  ));
  return token.ordered ? <ol start={token.start || 1}>{items}</ol> : <ul>{items}</ul>;
}

function Table({ token }: { token: Tokens.Table }) {
  const row = (cells: Tokens.TableCell[], Tag: "th" | "td") => (
    <tr>
      {cells.map((cell, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a cell's place is its name.
        <Tag key={index} style={cell.align ? { textAlign: cell.align } : undefined}>
          <Inline tokens={cell.tokens} />
        </Tag>
      ))}
    </tr>
  );
  return (
    // biome-ignore lint/a11y/useSemanticElements: a region that scrolls, and no fieldset.
    <div className="table-scroll" role="group" aria-label={t("chat.table")} tabIndex={0}>
      <table>
        <thead>{row(token.header, "th")}</thead>
        <tbody>
          {token.rows.map((cells, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a row's place is its name.
            <Fragment key={index}>{row(cells, "td")}</Fragment>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** An address that may be opened, or undefined: "javascript:" and its kind are no addresses. */
function safeUrl(href: string): URL | undefined {
  if (!URL.canParse(href, location.origin)) return undefined;
  const url = new URL(href, location.origin);
  return ["http:", "https:", "mailto:", "tel:"].includes(url.protocol) ? url : undefined;
}

const ELSEWHERE = { target: "_blank", rel: "noopener noreferrer nofollow" } as const;

function Link({ token }: { token: Tokens.Link }) {
  const url = safeUrl(token.href);
  const text = <Inline tokens={token.tokens} />;
  if (!url) return text;
  return (
    <a href={url.href} title={token.title ?? undefined} {...ELSEWHERE}>
      {text}
    </a>
  );
}

/** Pictures of other servers would tell them who reads: they are links. */
function Picture({ token }: { token: Tokens.Image }) {
  const url = safeUrl(token.href);
  if (!url) return token.text;
  if (url.origin === location.origin) {
    return <img src={url.href} alt={token.text} loading="lazy" />;
  }
  return (
    <a href={url.href} {...ELSEWHERE}>
      <Image aria-hidden className="mr-1 inline size-4 align-[-3px]" />
      {token.text || t("code.image", { host: url.host })}
      <ExternalLink aria-label={t("common.newTab")} className="ml-1 inline size-3 align-[-1px]" />
    </a>
  );
}
