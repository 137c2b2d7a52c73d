// Generates src/gen from the repository's protos, only when one of them, the template or a generator is newer.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const web = dirname(dirname(fileURLToPath(import.meta.url)));
const protos = join(web, "..", "..", "proto");
const sources = join(protos, "conclave", "v1");
const output = join(web, "src", "gen", "conclave", "v1", "signalling_pb.js");

const inputs = readdirSync(sources)
  .filter((name) => name.endsWith(".proto"))
  .map((name) => join(sources, name))
  .concat(join(web, "buf.gen.yaml"), join(web, "package-lock.json"));
const newest = Math.max(...inputs.map((path) => statSync(path).mtimeMs));

if (!existsSync(output) || statSync(output).mtimeMs < newest) {
  // The npm package carries the compiler for each platform in a package of its own; its launcher picks it.
  const buf = createRequire(import.meta.url).resolve("@bufbuild/buf/bin/buf");
  execFileSync(process.execPath, [buf, "generate", protos, "--path", sources], {
    cwd: web,
    stdio: "inherit",
    // The plug-in is started by name: it must be this very Node.
    env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ""}` },
  });
}
