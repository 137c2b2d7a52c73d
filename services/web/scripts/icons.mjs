// Writes the icons of the installed page into public/, where they are committed.
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { drawMark, encodePng, ICONS } from "./mark.mjs";

const output = join(dirname(dirname(fileURLToPath(import.meta.url))), "public");
for (const [name, size, maskable] of ICONS) writeFileSync(join(output, name), encodePng(size, drawMark(size, maskable)));
