// Steps after Vite's build: the budget of size, the paths of the page, and compressed copies for the gateway.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin, Rollup } from "vite";
import { PRIVATE, ROUTES } from "../src/app/routes.ts";

/** Opening a chat may load so much gzipped JavaScript, in bytes. */
const FIRST_LOAD_MAX_BYTES = 180 * 1024;

/** Smaller files are not compressed, for they would not get smaller. In bytes. */
const COMPRESS_MIN_BYTES = 512;

const gzip = (plain: Buffer) => gzipSync(plain, { level: 9 });

const COMPRESSIBLE = /\.(js|css|html|svg|json|txt)$/;

/** The part that is loaded when a chat is opened. */
const CHAT = "/chat/conversation.tsx";

/** Fails the build when opening a chat loads more than the budget. Other lazy parts do not count. */
export function budget(): Plugin {
  return {
    name: "budget",
    generateBundle(_options, bundle) {
      const loaded = [...firstLoad(Object.values(bundle).filter((one) => one.type === "chunk"))];
      const bytes = loaded.reduce((sum, chunk) => sum + gzip(Buffer.from(chunk.code)).length, 0);
      const kib = (bytes / 1024).toFixed(1);
      const said = `first load: ${kib} KiB of gzipped JavaScript, budget ${FIRST_LOAD_MAX_BYTES / 1024}`;
      if (bytes > FIRST_LOAD_MAX_BYTES) this.error(said);
      console.log(said);
    },
  };
}

function firstLoad(chunks: Rollup.OutputChunk[]): Set<Rollup.OutputChunk> {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const seen = new Set<Rollup.OutputChunk>();
  const visit = (chunk: Rollup.OutputChunk | undefined) => {
    if (!chunk || seen.has(chunk)) return;
    seen.add(chunk);
    for (const name of chunk.imports) visit(byName.get(name));
  };
  chunks.filter((chunk) => chunk.isEntry || chunk.facadeModuleId?.endsWith(CHAT)).forEach(visit);
  return seen;
}

/** Writes routes.txt: the paths that the gateway answers with the page and status 200, one a line. */
export function routes(): Plugin {
  return {
    name: "routes",
    generateBundle() {
      const lines = Object.values(ROUTES).map((path) =>
        PRIVATE.includes(path) ? `${path} private` : path,
      );
      const source = `${lines.join("\n")}\n`;
      this.emitFile({ type: "asset", fileName: "routes.txt", source });
    },
  };
}

/** Writes a .br and a .gz beside each text file of the output. */
export function precompress(): Plugin {
  let folder = "";
  return {
    name: "precompress",
    apply: "build",
    configResolved(config) {
      folder = config.build.outDir;
    },
    closeBundle() {
      for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
        if (!COMPRESSIBLE.test(name)) continue;
        const path = join(folder, name);
        const plain = readFileSync(path);
        if (plain.length < COMPRESS_MIN_BYTES) continue;
        const params = { [constants.BROTLI_PARAM_SIZE_HINT]: plain.length };
        writeFileSync(`${path}.br`, brotliCompressSync(plain, { params }));
        writeFileSync(`${path}.gz`, gzip(plain));
      }
    },
  };
}
