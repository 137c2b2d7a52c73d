// What kernels.wat becomes.
import { readFileSync } from "node:fs";

import loadAssembler from "wabt";

const folder = new URL("../src/media/blur/", import.meta.url);
export const output = new URL("kernels.wasm", folder);

/** The bytes of kernels.wasm. */
export async function assembled() {
  const source = new URL("kernels.wat", folder);
  const module = (await loadAssembler()).parseWat(source.pathname, readFileSync(source, "utf8"), { simd: true });
  module.validate();
  return Buffer.from(module.toBinary({}).buffer);
}
