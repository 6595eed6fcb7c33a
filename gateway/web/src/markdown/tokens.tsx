// Turns the tokens of Markdown into elements. HTML in a text stays text, except for a few tags that only mark words.
import { ExternalLink, Image } from "lucide-react";
import type { Token, Tokens } from "marked";
import { createContext, Fragment, memo, type ReactNode, useContext } from "react";
import { cn } from "@/ui/cn";
import { t } from "@/words";
import { FromStranger } from "./around";
import { CodeBlock } from "./code-block";
import { Diagram } from "./diagram";
import { Footnote, FootnoteRef } from "./footnotes";
import { Formula } from "./formula";
import type { Part } from "./parse";
import { HtmlLines, PlainText } from "./plain";
import { decode } from "./references";
import { safeUrl } from "./safe-url";
import { type TagToken, withTags } from "./tags";
import { breakable } from "./words";

export function Blocks({ tokens }: { tokens: Token[] | undefined }) {
  return tokens?.map((token, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: tokens have no other name, and are only added at the end.
    <Block key={index} token={token} />
  ));
}

/** A block that was read again from the same text is a new object, and is not rendered again. */
const Block = memo(
  ({ token }: { token: Token }) => element(token as Part),
  (before, after) => before.token === after.token || saysTheSame(before.token, after.token),
);

/** A text with brackets may have become a link by a definition below it. A worker's tokens have no raw text. */
function saysTheSame(before: Token, after: Token): boolean {
  return (
    before.raw !== "" &&
    before.raw === after.raw &&
    before.type === after.type &&
    !before.raw.includes("]")
  );
}

function Inline({ tokens }: { tokens: Token[] | undefined }) {
  if (!tokens) return null;
  return withTags(tokens).map((token, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: tokens have no other name, and are only added at the end.
    <Fragment key={index}>{element(token as Part | TagToken)}</Fragment>
  ));
}

function element(token: Part | TagToken): ReactNode {
  switch (token.type) {
    case "paragraph":
      return (
        <p dir="auto">
          <Inline tokens={token.tokens} />
        </p>
      );
    case "piece":
      return (
        <span className="piece" dir="auto">
          <Inline tokens={token.tokens} />
        </span>
      );
    case "plain":
      return <PlainText text={token.text} />;
    case "details":
      return (
        <details open={token.open}>
          <summary>
            {token.summary.length > 0 ? <Inline tokens={token.summary} /> : t("code.details")}
          </summary>
          <Blocks tokens={token.tokens} />
        </details>
      );
    case "footnote":
      return (
        <Footnote label={token.label}>
          <Inline tokens={token.tokens} />
        </Footnote>
      );
    case "footnoteRef":
      return <FootnoteRef token={token} />;
    case "tag": {
      const Tag = token.name;
      return (
        <Tag>
          <Inline tokens={token.tokens} />
        </Tag>
      );
    }
    case "heading":
      return <Heading token={token} />;
    case "code":
      return <Code token={token as CodeToken} />;
    case "list":
      return <List token={token} />;
    case "blockquote":
      return (
        <blockquote dir="auto">
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
      return <code>{breakable(token.text)}</code>;
    case "br":
      return <br />;
    case "link":
      return <Link token={token} />;
    case "image":
      return <Picture token={token} />;
    case "checkbox":
      return <Checkbox checked={token.checked} />;
    case "html":
      if (/^\s*<br\s*\/?>\s*$/i.test(token.text)) return <br />;
      return token.block ? <HtmlLines text={token.text} /> : breakable(token.text);
    case "text":
      return token.tokens ? <Inline tokens={token.tokens} /> : breakable(decode(token.text));
    case "escape":
      return token.text;
    default:
      return null; // space and def show nothing
  }
}

function Heading({ token }: { token: Tokens.Heading }) {
  // The page's own heading has the first level, so an answer's headings begin at the second.
  const Tag = `h${Math.min(token.depth + 1, 6)}` as "h2";
  return (
    <Tag data-depth={token.depth} dir="auto">
      <Inline tokens={token.tokens} />
    </Tag>
  );
}

function List({ token }: { token: Tokens.List }) {
  const items = token.items.map((item, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: items have no other name, and are only added at the end.
    <li key={index} dir="auto" className={cn(item.task && "task-list-item")}>
      {item.task ? (
        <Task value={item.text}>
          <Blocks tokens={item.tokens} />
        </Task>
      ) : (
        <Blocks tokens={item.tokens} />
      )}
    </li>
  ));
  return token.ordered ? <ol start={token.start || 1}>{items}</ol> : <ul>{items}</ul>;
}

/** The text of the task, from which a check box takes its name. */
const Task = createContext("");

/** The longest name of a check box, in characters. */
const TASK_NAME_MAX = 120;

function Checkbox({ checked }: { checked: boolean }) {
  const said = useContext(Task).replace(/^\[[ xX]\]\s*/, "");
  const name = said
    .split("\n", 1)[0]
    ?.slice(0, TASK_NAME_MAX)
    .replace(/[*_`~[\]]/g, "");
  return <input type="checkbox" aria-label={name} checked={checked} disabled readOnly />;
}

interface CodeToken extends Tokens.Code {
  /** The fence was closed. */
  closed?: boolean;
}

function Code({ token }: { token: CodeToken }) {
  const language = token.lang?.match(/^\S{1,40}/)?.[0] ?? "";
  if (language.toLowerCase() === "mermaid" && token.closed) return <Diagram code={token.text} />;
  return <CodeBlock code={token.text} language={language} />;
}

function Table({ token }: { token: Tokens.Table }) {
  const row = (cells: Tokens.TableCell[], Tag: "th" | "td") => (
    <tr>
      {cells.map((cell, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a cell's place is its name.
        <Tag key={index} dir="auto" style={cell.align ? { textAlign: cell.align } : undefined}>
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

/**
 * A picture of another server is shown as a link: loading it would tell that server about the reader. In a stranger's
 * text one of this server is a link, too: a request of this page has the reader's cookies.
 */
function Picture({ token }: { token: Tokens.Image }) {
  const isStrange = useContext(FromStranger);
  const url = safeUrl(token.href);
  if (!url) return token.text;
  if (url.origin === location.origin && !isStrange) {
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
