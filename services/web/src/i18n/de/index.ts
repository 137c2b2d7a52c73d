import type { Texts } from "../en/index.ts";
import { access } from "./access.ts";
import { after } from "./after.ts";
import { before } from "./before.ts";
import { chat } from "./chat.ts";
import { common } from "./common.ts";
import { controls } from "./controls.ts";
import { devices } from "./devices.ts";
import { files } from "./files.ts";
import { network } from "./network.ts";
import { people } from "./people.ts";
import { polls } from "./polls.ts";
import { protection } from "./protection.ts";
import { security } from "./security.ts";
import { stage } from "./stage.ts";

/** Every text of the page, in German: formal, times of 24 hours. */
export const de: Texts = {
  ...common,
  ...before,
  ...security,
  ...protection,
  ...controls,
  ...devices,
  ...stage,
  ...network,
  ...people,
  ...chat,
  ...polls,
  ...files,
  ...after,
  ...access,
};

