import { ContentKind } from "../../gen/conclave/v1/content_pb.js";
import { DataClass } from "../../gen/conclave/v1/data_class_pb.js";

/** The data class of each kind's objects, as the appliance has registered them. */
export const DATA_CLASSES = {
  [ContentKind.CHAT]: DataClass.MESSAGES,
  [ContentKind.REACTION]: DataClass.ENGAGEMENT,
  [ContentKind.HAND]: DataClass.ENGAGEMENT,
  [ContentKind.POLL]: DataClass.ENGAGEMENT,
  [ContentKind.POLL_VOTE]: DataClass.ENGAGEMENT,
  [ContentKind.FILE]: DataClass.SHARED_CONTENT,
} as const;
export type SharedKind = keyof typeof DATA_CLASSES;

/** Kinds that are told once and not kept: what comes a second time is not shown again. */
const PASSING: ReadonlySet<ContentKind> = new Set([ContentKind.REACTION, ContentKind.HAND]);

export function isShared(kind: ContentKind): kind is SharedKind {
  return kind in DATA_CLASSES;
}

export function isPassing(kind: ContentKind): boolean {
  return PASSING.has(kind);
}
