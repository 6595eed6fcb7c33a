import { Check, Copy, Download, WrapText } from "lucide-react";
import { memo, type ReactNode, useRef, useState } from "react";
import { saveFile } from "@/lib/browser";
import { useCopy } from "@/ui/clipboard";
import { cn } from "@/ui/cn";
import { t } from "@/words";
import { hasLongLine, type Line, useColours } from "./colours";
import { extensionOf } from "./extensions";
import { CODE_CHUNK_LINES } from "./limits";
import { useNear } from "./near";
import { PlainText } from "./plain";

/** `tools` stand before the common ones. */
export function CodeBlock({
  code,
  language,
  tools,
}: {
  code: string;
  language: string;
  tools?: ReactNode;
}) {
  const [wrap, setWrap] = useState(false);
  const name = language || t("code.plain");
  return (
    <figure
      aria-label={name}
      className="mb-3 overflow-clip rounded-[10px] border border-line bg-code"
    >
      <CodeHeader name={name} code={code} language={language}>
        {tools}
        <Tool label={t(wrap ? "code.unwrap" : "code.wrap")} onClick={() => setWrap(!wrap)}>
          <WrapText className={cn(wrap && "text-accent")} />
        </Tool>
      </CodeHeader>
      {/* It takes the focus, so that the keyboard can scroll it. */}
      <pre
        tabIndex={0}
        dir="ltr"
        className={cn("overflow-x-auto px-3.5 py-3", wrap && "whitespace-pre-wrap wrap-anywhere")}
      >
        <code>
          {hasLongLine(code) ? (
            <PlainText text={code} />
          ) : (
            <Coloured code={code} language={language} />
          )}
        </code>
      </pre>
    </figure>
  );
}

/** It stays in sight while long code is read, so that its tools are at hand. */
export function CodeHeader({
  name,
  code,
  language,
  children,
}: {
  name: string;
  code: string;
  language: string;
  children?: ReactNode;
}) {
  const { copied, copy } = useCopy();
  return (
    <figcaption className="sticky top-0 z-1 flex h-9 items-center justify-between border-b border-line bg-code pr-1 pl-3 text-xs text-muted">
      <span className="truncate font-mono">{name}</span>
      <span className="flex shrink-0 items-center">
        {children}
        <Tool label={t("code.download")} onClick={() => download(code, language)}>
          <Download />
        </Tool>
        <Tool label={t("code.copy")} onClick={() => copy(code)}>
          {copied ? <Check className="text-good" /> : <Copy />}
          <span aria-live="polite">{t(copied ? "code.copied" : "code.copy")}</span>
        </Tool>
      </span>
    </figcaption>
  );
}

/** Code in chunks of lines. Only the last chunk grows, and only chunks near the screen have colours. */
function Coloured({ code, language }: { code: string; language: string }) {
  const chunks = useChunks(code);
  const colours = useColours(code, language);
  return chunks.map((chunk, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a chunk's place is its name.
    <Chunk key={index} text={chunk} lines={colours[index]} eager={chunks.length < 4} />
  ));
}

/** The chunks before the last stay the same strings while the code grows. */
function useChunks(code: string): string[] {
  const known = useRef<{ code: string; chunks: string[] }>({ code: "", chunks: [] });
  if (known.current.code !== code) {
    const before = known.current;
    const kept = code.startsWith(before.code) ? before.chunks.slice(0, -1) : [];
    let at = kept.reduce((sum, chunk) => sum + chunk.length + 1, 0);
    while (at < code.length) {
      const end = endOfLines(code, at, CODE_CHUNK_LINES);
      kept.push(code.slice(at, end));
      at = end + 1;
    }
    known.current = { code, chunks: kept };
  }
  return known.current.chunks;
}

/** The end of the last of so many lines, before its line end. */
function endOfLines(code: string, from: number, lines: number): number {
  let at = from - 1;
  for (let n = 0; n < lines; n++) {
    at = code.indexOf("\n", at + 1);
    if (at < 0) return code.length;
  }
  return at;
}

const Chunk = memo(
  ({ text, lines, eager }: { text: string; lines: Line[] | undefined; eager: boolean }) => {
    const place = useRef<HTMLSpanElement>(null);
    const isNear = useNear(place, !eager) || eager;
    return (
      <span ref={place} className="code-chunk">
        {isNear && lines ? <Lines text={text} lines={lines} /> : text}
      </span>
    );
  },
);

/** The coloured lines, and behind them the text that has no colours yet. */
function Lines({ text, lines }: { text: string; lines: Line[] }) {
  let at = 0;
  const coloured = lines.map((line, index) => {
    at += line.chars + 1;
    return (
      // biome-ignore lint/suspicious/noArrayIndexKey: a line's place is its name.
      <ColouredLine key={index} line={line} end={index < lines.length - 1 ? "\n" : ""} />
    );
  });
  return (
    <>
      {coloured}
      {text.slice(Math.max(at - 1, 0))}
    </>
  );
}

const ColouredLine = memo(({ line, end }: { line: Line; end: string }) => (
  <>
    {line.parts.map(([name, text], index) =>
      name ? (
        // biome-ignore lint/suspicious/noArrayIndexKey: a word's place is its name.
        <span key={index} className={name}>
          {text}
        </span>
      ) : (
        text
      ),
    )}
    {end}
  </>
));

export function Tool({
  label,
  onClick,
  children,
  ...rest
}: {
  label: string;
  onClick: () => void;
  children: ReactNode;
  "aria-pressed"?: boolean;
}) {
  return (
    <button
      type="button"
      title={label}
      aria-label={label}
      onClick={onClick}
      className="flex h-7 items-center gap-1.5 rounded-md px-1.5 hover:bg-hover hover:text-text pointer-coarse:h-10 pointer-coarse:min-w-10 pointer-coarse:justify-center [&>svg]:size-3.5"
      {...rest}
    >
      {children}
    </button>
  );
}

export function download(code: string, language: string): void {
  saveFile(`snippet.${extensionOf(language)}`, new Blob([code], { type: "text/plain" }));
}
