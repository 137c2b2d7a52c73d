// Writes kernels.wasm beside its source, where it is committed.
import { writeFileSync } from "node:fs";

import { assembled, output } from "./assemble.mjs";

writeFileSync(output, await assembled());
