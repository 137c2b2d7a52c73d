import { ReactionSign } from "../../gen/conclave/v1/content_pb.js";
import { texts } from "../../i18n/index.ts";

/** A sign as it is drawn, by the system's own font, and said. */
export interface Sign {
  readonly sign: ReactionSign;
  readonly emoji: string;
  readonly text: string;
}

/** The signs, in the order in which they are offered. */
export const SIGNS: readonly Sign[] = [
  { sign: ReactionSign.THUMBS_UP, emoji: "👍", text: texts.signThumbsUp },
  { sign: ReactionSign.HEART, emoji: "❤️", text: texts.signHeart },
  { sign: ReactionSign.CLAP, emoji: "👏", text: texts.signClap },
  { sign: ReactionSign.LAUGH, emoji: "😂", text: texts.signLaugh },
  { sign: ReactionSign.SURPRISE, emoji: "😮", text: texts.signSurprise },
  { sign: ReactionSign.CELEBRATE, emoji: "🎉", text: texts.signCelebrate },
];

/** How a sign is drawn and said; undefined for one that this page does not know. */
export function signOf(sign: ReactionSign): Sign | undefined {
  return SIGNS.find((each) => each.sign === sign);
}
