import { Check, Copy, Download, WrapText } from "lucide-react";
import { memo, useDeferredValue, useMemo, useState } from "react";
import { useCopy } from "@/lib/clipboard";
import { cn } from "@/ui/cn";
import { t } from "@/words";
import { lazyPart } from "./lazy";

/** Longer code stays without colours, in characters: colouring it would hold the page up. */
const HIGHLIGHT_MAX = 60_000;

const EXTENSIONS: Record<string, string> = {
  bash: "sh",
  csharp: "cs",
  javascript: "js",
  kotlin: "kt",
  markdown: "md",
  perl: "pl",
  plaintext: "txt",
  python: "py",
  ruby: "rb",
  rust: "rs",
  shell: "sh",
  typescript: "ts",
};

const useHighlighter = lazyPart(() => import("./highlight"));

export function CodeBlock({ code, language }: { code: string; language: string }) {
  const [wrap, setWrap] = useState(false);
  const { copied, copy } = useCopy();
  const name = language || t("code.plain");
  return (
    <figure
      aria-label={name}
      className="mb-3 overflow-hidden rounded-[10px] border border-line bg-code"
    >
      <figcaption className="flex h-8 items-center justify-between border-b border-line pr-1 pl-3 text-xs text-muted">
        <span className="font-mono">{name}</span>
        <span className="flex items-center">
          <Tool label={t(wrap ? "code.unwrap" : "code.wrap")} onClick={() => setWrap(!wrap)}>
            <WrapText className={cn(wrap && "text-accent")} />
          </Tool>
          <Tool label={t("code.download")} onClick={() => download(code, language)}>
            <Download />
          </Tool>
          <Tool label={t("code.copy")} onClick={() => copy(code)}>
            {copied ? <Check className="text-good" /> : <Copy />}
            <span aria-live="polite">{t(copied ? "code.copied" : "code.copy")}</span>
          </Tool>
        </span>
      </figcaption>
      {/* Scrolled by keyboard as well, so it takes the focus. */}
      <pre
        tabIndex={0}
        className={cn("overflow-x-auto px-3.5 py-3", wrap && "whitespace-pre-wrap")}
      >
        <code>
          <Coloured code={code} language={language} />
        </code>
      </pre>
    </figure>
  );
}

/** Colours follow when there is time; what was written since stands plain behind them. */
function Coloured({ code, language }: { code: string; language: string }) {
  const wanted = language !== "" && code.length <= HIGHLIGHT_MAX;
  const highlighter = useHighlighter(wanted);
  const settled = useDeferredValue(code);
  const coloured = useMemo(
    () => highlighter?.highlight(settled, language),
    [highlighter, settled, language],
  );
  if (!coloured || !code.startsWith(settled)) return code;
  return (
    <>
      <Still>{coloured}</Still>
      {code.slice(settled.length)}
    </>
  );
}

const Still = memo(({ children }: { children: React.ReactNode }) => children);

function Tool({
  label,
  onClick,
  children,
}: {
  label: string;
  onClick: () => void;
  children: React.ReactNode;
}) {
  return (
    <button
      type="button"
      title={label}
      aria-label={label}
      onClick={onClick}
      className="flex h-6 items-center gap-1.5 rounded-md px-1.5 hover:bg-hover hover:text-text [&>svg]:size-3.5"
    >
      {children}
    </button>
  );
}

function download(code: string, language: string): void {
  const url = URL.createObjectURL(new Blob([code], { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `snippet.${EXTENSIONS[language] ?? (language || "txt")}`;
  link.click();
  URL.revokeObjectURL(url);
}
