import { ProtectionMode, type Room } from "../gen/conclave/v1/rooms_pb.js";
import { texts } from "../i18n/index.ts";
import type { Session } from "../session/session.ts";
import type { IconName } from "./icons.tsx";

/** One half of what a room says about its security: its look, its name, and what it means. */
export interface SecurityFact {
  readonly style: "managed" | "e2e" | "securing" | "sealed" | "unrecorded";
  readonly icon: IconName;
  readonly title: string;
  readonly text: string;
  /** What the chip says. */
  readonly chip: string;
  /** The same where there is little room. */
  readonly short: string;
}

/** Who can read what is said. Whatever is not known to be end-to-end is never called so. */
export function protectionOf({ protectionMode }: Pick<Room, "protectionMode">): SecurityFact {
  if (protectionMode === ProtectionMode.END_TO_END || protectionMode === ProtectionMode.END_TO_END_SEALED) {
    const title = texts.endToEndTitle;
    return { style: "e2e", icon: "shieldKeyhole", title, text: texts.endToEndText, chip: title, short: texts.endToEndShort };
  }
  const title = texts.managedTitle;
  return { style: "managed", icon: "managed", title, text: texts.managedText, chip: title, short: texts.managedShort };
}

/** The same within a meeting. While its keys are on their way, nothing is said to be encrypted, and nothing is sent. */
export function protectionIn({ room, protection }: Pick<Session, "room" | "protection">): SecurityFact | undefined {
  if (room.value === undefined) return undefined;
  if (!protection.isOn.value) return protectionOf(room.value);
  const status = protection.status.value;
  if (status.name === "ready") {
    return { ...protectionOf(room.value), text: texts.endToEndHere(status.view.members.length) };
  }
  const text = status.givenUp === undefined ? texts.securingText : texts.securingAgain;
  return { style: "securing", icon: "key", title: texts.securing, text, chip: texts.securing, short: texts.securing };
}

/** What is kept of it. */
export function recordingOf(room: Pick<Room, "protectionMode">): SecurityFact {
  if (isRecorded(room)) {
    const title = texts.sealedTitle;
    return { style: "sealed", icon: "sealed", title, text: texts.sealedText, chip: texts.sealedChip, short: texts.sealedShort };
  }
  const title = texts.notRecorded;
  return { style: "unrecorded", icon: "notRecorded", title, text: texts.notRecordedText, chip: title, short: title };
}

/** Whether joining needs consent. */
export function isRecorded({ protectionMode }: Pick<Room, "protectionMode">): boolean {
  return protectionMode === ProtectionMode.END_TO_END_SEALED;
}
