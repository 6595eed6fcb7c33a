// Serves the package @llmops/gateway, a Hono app without a program of its own: node llmops.mjs PEERS PORT
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [peers, port] = process.argv.slice(2);
const require = createRequire(join(pathToFileURL(join(process.cwd(), peers)).pathname, "package.json"));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const { default: gateway } = await load("@llmops/gateway");
const { serve } = await load("@hono/node-server");
const app = gateway.default ?? gateway;
serve({ fetch: app.fetch, port: Number(port), hostname: "127.0.0.1" });
