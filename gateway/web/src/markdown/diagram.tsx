import { CodeXml, Workflow } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useIsDark } from "@/ui/theme";
import { t } from "@/words";
import { CodeBlock, CodeHeader, Tool } from "./code-block";
import type { DiagramResult } from "./diagrams";
import { lazyPart } from "./lazy";
import { DIAGRAM_MAX_CHARS, PICTURE_MAX_CHARS } from "./limits";
import { useNear } from "./near";
import { Remembered } from "./remembered";

const useDiagrams = lazyPart(() => import("./diagrams"));

const drawn = new Remembered<DiagramResult>();

/** A Mermaid diagram. It is drawn when it comes near the screen, because each drawing holds up the page for a while. */
export function Diagram({ code }: { code: string }) {
  const place = useRef<HTMLDivElement>(null);
  const isNear = useNear(place);
  return (
    <div ref={place}>
      <Drawing code={code} isNear={isNear} />
    </div>
  );
}

/** The source is shown until the diagram is drawn, when drawing fails, and when the reader asks for it. */
function Drawing({ code, isNear }: { code: string; isNear: boolean }) {
  const isDark = useIsDark();
  const result = useDrawing(code, isDark, isNear);
  const [asSource, setAsSource] = useState(false);
  const isDrawn = result !== undefined && "svg" in result;
  const toggle = isDrawn && (
    <Tool
      label={t(asSource ? "code.showDiagram" : "code.showSource")}
      onClick={() => setAsSource(!asSource)}
    >
      {asSource ? <Workflow /> : <CodeXml />}
    </Tool>
  );
  if (!isDrawn || asSource) {
    return (
      <>
        <CodeBlock code={code} language="mermaid" tools={toggle} />
        {result && "error" in result && (
          <p className="-mt-1 mb-3 text-xs wrap-anywhere text-muted">
            {t("code.notDrawn", { reason: result.error })}
          </p>
        )}
      </>
    );
  }
  return (
    <figure
      aria-label={t("code.diagram")}
      className="mb-3 overflow-clip rounded-[10px] border border-line"
    >
      <CodeHeader name="mermaid" code={code} language="mermaid">
        {toggle}
      </CodeHeader>
      {/* biome-ignore lint/a11y/useSemanticElements: a region that scrolls, and no fieldset. */}
      <div role="group" aria-label={t("code.diagram")} tabIndex={0} className="overflow-auto p-4">
        <img
          src={`data:image/svg+xml,${encodeURIComponent(result.svg)}`}
          width={result.width}
          height={result.height}
          alt={altOf(code)}
          className="diagram mx-auto"
          style={{
            width: `min(100%, ${result.width}px)`,
            minWidth: Math.min(result.width, READABLE_PX),
          }}
        />
      </div>
    </figure>
  );
}

/** A diagram is never narrower than this, so that it stays readable on a phone, where it scrolls. In pixels. */
const READABLE_PX = 560;

/** A screen reader reads so much of a diagram's source, in characters. */
const ALT_MAX = 1_000;

function altOf(code: string): string {
  return `${t("code.diagram")}: ${code.slice(0, ALT_MAX).replace(/\s+/g, " ")}`;
}

/** Diagrams that are being drawn. Equal ones share a drawing. */
const pending = new Map<string, Promise<DiagramResult>>();

function useDrawing(code: string, isDark: boolean, isNear: boolean): DiagramResult | undefined {
  const isTooLong = code.length > DIAGRAM_MAX_CHARS;
  const diagrams = useDiagrams(!isTooLong && isNear);
  const key = `${isDark}\n${code}`;
  const known = isTooLong ? { error: t("code.tooLong") } : drawn.get(key);
  const [, setDone] = useState("");
  const isKnown = known !== undefined;
  useEffect(() => {
    if (isKnown || !diagrams) return;
    let isWanted = true;
    let drawing = pending.get(key);
    if (!drawing) {
      drawing = drawOne(diagrams, code, isDark).then((result) => {
        pending.delete(key);
        drawn.set(key, result);
        return result;
      });
      pending.set(key, drawing);
    }
    void drawing.then(() => isWanted && setDone(key));
    return () => {
      isWanted = false;
    };
  }, [isKnown, diagrams, code, isDark, key]);
  return known;
}

async function drawOne(
  { draw, currentColours }: typeof import("./diagrams"),
  code: string,
  isDark: boolean,
): Promise<DiagramResult> {
  const result = await draw({ code, colours: currentColours(isDark) });
  if (!result) return { error: t("code.tooSlow") };
  const isTooLarge = "svg" in result && result.svg.length > PICTURE_MAX_CHARS;
  return isTooLarge ? { error: t("code.tooLong") } : result;
}
