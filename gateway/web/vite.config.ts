/// <reference types="vitest/config" />
import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { removeScroll, sonnerWithoutStyleElement } from "./vite/csp.ts";
import { diagrams } from "./vite/diagrams.ts";
import { budget, precompress, routes } from "./vite/finish.ts";

const gateway = process.env.LIMITLESS_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [
    react(),
    tailwindcss(),
    sonnerWithoutStyleElement(),
    budget(),
    diagrams(),
    routes(),
    precompress(),
  ],
  resolve: {
    alias: [
      removeScroll,
      { find: "@", replacement: fileURLToPath(new URL("./src", import.meta.url)) },
    ],
  },
  // Pre-bundling would skip the plugin and the alias above.
  optimizeDeps: { exclude: ["sonner"] },
  server: {
    host: "127.0.0.1",
    proxy: Object.fromEntries(
      ["/api", "/v1", "/.well-known", "/openapi.json", "/ws"].map((path) => [
        path,
        // The gateway answers to its own host names only.
        { target: gateway, ws: path === "/ws", changeOrigin: true },
      ]),
    ),
  },
  build: {
    outDir: process.env.WEB_OUT ?? fileURLToPath(new URL("../../build/web", import.meta.url)),
    emptyOutDir: true,
    // light-dark() carries the theme, and needs these.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    target: ["chrome123", "firefox120", "safari17.5"],
    // A data: URL would need an exception in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  // It ends a test that hangs. Tests that measure count processor time, so a busy machine may take long.
  test: { testTimeout: 120_000 },
});
