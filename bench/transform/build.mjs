// Bundles worker.ts with the client's own sources: node build.mjs DIRECTORY, run in services/web.
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const { build } = await import(createRequire(`${process.cwd()}/`).resolve("vite"));
const entry = fileURLToPath(new URL("worker.ts", import.meta.url));
await build({
  configFile: false,
  publicDir: false,
  logLevel: "error",
  build: {
    outDir: process.argv[2],
    target: "es2023",
    rollupOptions: { input: entry, output: { entryFileNames: "worker.js", codeSplitting: false } },
  },
});
