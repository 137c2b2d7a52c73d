import { defineConfig } from "vite";

// The bundle depends on nothing but the sources: no dates, no absolute paths, no inlined assets (the page's
// Content-Security-Policy allows only files of this origin).
export default defineConfig({
  base: "/",
  build: {
    outDir: "../conclave/services/gateway/static",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    reportCompressedSize: false,
  },
  // Workers are modules, as the page is: they may share files with it.
  worker: { format: "es" },
});
