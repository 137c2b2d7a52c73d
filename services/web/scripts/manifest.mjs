// Writes manifest.json beside the built files: the SHA-256 of each, and one hash over all of them, which the page shows.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const web = dirname(dirname(fileURLToPath(import.meta.url)));
const built = join(web, "..", "conclave", "services", "gateway", "static");
const { version } = JSON.parse(readFileSync(join(web, "package.json"), "utf8"));
const sha256 = (data) => createHash("sha256").update(data).digest("hex");

const names = readdirSync(built, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name !== "manifest.json")
  .map((entry) => join(entry.parentPath, entry.name).slice(built.length + 1))
  .sort();
const files = Object.fromEntries(names.map((name) => [name, sha256(readFileSync(join(built, name)))]));
// The same lines that `sha256sum` prints, so that anybody can recompute the hash by hand.
const hash = sha256(names.map((name) => `${files[name]}  ${name}\n`).join(""));

writeFileSync(join(built, "manifest.json"), `${JSON.stringify({ version, hash, files }, null, 2)}\n`);
console.log(`client ${version}, ${names.length} files, hash ${hash}`);
