// Adds the frame that draws diagrams to the output: its document, its script, and Mermaid as published.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

const require = createRequire(import.meta.url);
const own = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../frame/${name}`, import.meta.url)), "utf8");

/** Mermaid's single file: a frame without an origin may load scripts but no modules. */
export function diagrams(): Plugin {
  const core = require.resolve("mermaid");
  const source = () => readFileSync(core.replace(/[^/]+$/, "mermaid.min.js"));
  const { version } = JSON.parse(
    readFileSync(core.replace(/dist\/[^/]+$/, "package.json"), "utf8"),
  );
  const mermaid = `mermaid-${version}.js`;
  const document = () => own("diagram.html").replace("MERMAID", mermaid);
  return {
    name: "diagrams",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: `assets/${mermaid}`, source: source() });
      this.emitFile({ type: "asset", fileName: "frame/diagram.html", source: document() });
      this.emitFile({ type: "asset", fileName: "frame/diagram.js", source: own("diagram.js") });
    },
    configureServer({ middlewares }) {
      const served: Record<string, [string, () => string | Buffer]> = {
        [`/assets/${mermaid}`]: ["text/javascript", source],
        "/frame/diagram.html": ["text/html", document],
        "/frame/diagram.js": ["text/javascript", () => own("diagram.js")],
      };
      middlewares.use((request, response, next) => {
        const file = served[request.url ?? ""];
        if (!file) return next();
        response.setHeader("content-type", file[0]);
        response.end(file[1]());
      });
    },
  };
}
