// Draws diagrams by Mermaid in a sandboxed frame (see /frame). The result is an image: it runs no script and reaches no
// network.
import { DIAGRAM_MAX_MS } from "./limits";
import { createWorkshop, type Handler, type Worklike } from "./workshop";

interface DiagramJob {
  code: string;
  /** Mermaid's theme variables. */
  colours: Record<string, string>;
}

export type DiagramResult = { svg: string; width: number; height: number } | { error: string };

/** A frame with the interface of a worker. */
class Frame implements Worklike {
  onmessage: Handler | null = null;
  onerror: Worklike["onerror"] = null;
  onmessageerror: Worklike["onmessageerror"] = null;
  private readonly frame = document.createElement("iframe");

  constructor() {
    this.frame.setAttribute("sandbox", "allow-scripts");
    this.frame.src = "/frame/diagram.html";
    this.frame.title = "Mermaid";
    this.frame.tabIndex = -1;
    this.frame.ariaHidden = "true";
    // Mermaid measures text, so the frame must have a layout, unseen.
    this.frame.className = "pointer-events-none invisible fixed top-0 left-0 h-[600px] w-[1000px]";
    addEventListener("message", this.listen);
    document.body.append(this.frame);
  }

  private listen = (event: MessageEvent) => {
    if (event.source === this.frame.contentWindow) this.onmessage?.(event);
  };

  postMessage(job: unknown): void {
    this.frame.contentWindow?.postMessage(job, "*");
  }

  terminate(): void {
    removeEventListener("message", this.listen);
    this.frame.remove();
  }
}

export const draw = createWorkshop<DiagramJob, DiagramResult>(() => new Frame(), DIAGRAM_MAX_MS);

/** The page's present colours by Mermaid's names. */
export function currentColours(isDark: boolean): Record<string, string> {
  const probe = document.createElement("span");
  document.body.append(probe);
  const colour = (name: string) => {
    probe.style.color = `var(--${name})`;
    const [r = 0, g = 0, b = 0] = (getComputedStyle(probe).color.match(/[\d.]+/g) ?? []).map(
      Number,
    );
    return `#${[r, g, b].map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;
  };
  const colours = {
    darkMode: isDark ? "true" : "",
    background: colour("bg"),
    primaryColor: colour("accent-soft"),
    primaryTextColor: colour("text"),
    primaryBorderColor: colour("accent"),
    secondaryColor: colour("bg-own"),
    tertiaryColor: colour("bg-code"),
    lineColor: colour("text-muted"),
    textColor: colour("text"),
    noteBkgColor: colour("warn-soft"),
    noteTextColor: colour("text"),
    edgeLabelBackground: colour("bg"),
    fontFamily: "ui-sans-serif, system-ui, sans-serif",
    fontSize: "14px",
  };
  probe.remove();
  return colours;
}
