import { create, type MessageInitShape } from "@bufbuild/protobuf";

import { ContentKind, ContentRecordSchema, type ContentRecord } from "../../../src/gen/conclave/v1/content_pb.js";
import { ServerMessageSchema } from "../../../src/gen/conclave/v1/signalling_pb.js";
import { ContentChannel } from "../../../src/session/content/channel.ts";
import { Chat } from "../../../src/session/content/chat.ts";
import { settled, SimulatedClock } from "../../protocol/simulated.ts";
import { askedBy } from "./asked.ts";
import { managedSeal } from "./protections.ts";

export const KEY = new Uint8Array(32);

/** A chat whose requests the test answers, and to which it tells what comes. */
export function chatWith(seal = managedSeal()) {
  const { request, asked, take } = askedBy();
  const clock = new SimulatedClock();
  const channel = new ContentChannel(request, clock, seal);
  const chat = new Chat(channel);
  const added = async (record: ContentRecord): Promise<void> => {
    channel.event(create(ServerMessageSchema, { body: { case: "contentAdded", value: { record } } }).body);
    await settled();
  };
  return { channel, chat, clock, asked, take, added };
}

export function record(sequence: number, text: string, more: MessageInitShape<typeof ContentRecordSchema> = {}): ContentRecord {
  return create(ContentRecordSchema, {
    sequence: BigInt(sequence),
    firstSequence: BigInt(sequence),
    id: `id-${sequence}`,
    kind: ContentKind.CHAT,
    revision: 1,
    senderParticipantId: "ada",
    senderDisplayName: "Ada",
    body: { case: "clear", value: { content: { case: "chat", value: { text } } } },
    ...more,
  });
}

export const page = (records: ContentRecord[], more = false) => ({ case: "contentPage", value: { records, more } }) as const;
export const SENT = { case: "contentSent", value: { sequence: 1n } } as const;
export const shown = (chat: Chat): string[] => chat.log.value.map((each) => each.text);

export async function entered(history: ContentRecord[] = [], seal = managedSeal()) {
  const all = chatWith(seal);
  void all.channel.entered(KEY);
  await all.take("readContent").answer(page(history));
  return all;
}
