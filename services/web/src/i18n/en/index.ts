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

/** Every text of the page, in English. A value is a text or a function that fills in names and numbers. */
export const en = {
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

/** The shape of a catalogue: the same texts and functions in every language. */
export type Texts = typeof en;
