import type { KeyPackage } from "ts-mls/keyPackage.js";
import { decodeMlsMessage, encodeMlsMessage, type MlsMessageContent, type MLSMessage } from "ts-mls/message.js";
import type { PublicMessage } from "ts-mls/publicMessage.js";
import type { Welcome } from "ts-mls/welcome.js";

import type { Bytes } from "../bytes.ts";
import { Refused } from "./refused.ts";

export function encode(content: MlsMessageContent): Bytes {
  return encodeMlsMessage({ version: "mls10", ...content } as MLSMessage) as Bytes;
}

export function decodePublicMessage(bytes: Uint8Array): PublicMessage {
  const message = decode(bytes);
  if (message.wireformat !== "mls_public_message") throw new Refused("malformed");
  return message.publicMessage;
}

export function decodeWelcome(bytes: Uint8Array): Welcome {
  const message = decode(bytes);
  if (message.wireformat !== "mls_welcome") throw new Refused("malformed");
  return message.welcome;
}

export function decodeKeyPackage(bytes: Uint8Array): KeyPackage {
  const message = decode(bytes);
  if (message.wireformat !== "mls_key_package") throw new Refused("malformed");
  return message.keyPackage;
}

/** One whole message: nothing may follow it. */
function decode(bytes: Uint8Array): MLSMessage {
  let decoded: [MLSMessage, number] | undefined;
  try {
    decoded = decodeMlsMessage(bytes, 0);
  } catch (cause) {
    throw new Refused("malformed", { cause });
  }
  if (decoded === undefined || decoded[1] !== bytes.length) throw new Refused("malformed");
  return decoded[0];
}
