import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

/** The page, built beside the server that serves it; nothing is inlined, so that the content security policy holds. */
export default defineConfig({
  root: fileURLToPath(new URL("page/", import.meta.url)),
  base: "/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: fileURLToPath(new URL("dist/page/", import.meta.url)),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
  },
});
