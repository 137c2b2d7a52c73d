import type { ContentRefusal } from "../../crypto/content/open.ts";
import { texts } from "../../i18n/index.ts";

/** What is said in the place of a line that cannot be opened. */
export function unreadableText(refusal: ContentRefusal): string {
  if (refusal === "future-epoch") return texts.waitingForMessageKey;
  return texts.messageUnreadable(reasonFor(refusal));
}

function reasonFor(refusal: Exclude<ContentRefusal, "future-epoch">): string {
  switch (refusal) {
    case "no-key":
      return texts.messageNoKey;
    case "other-group":
      return texts.messageOtherGroup;
    case "not-a-member":
      return texts.messageNotAMember;
    case "malformed":
    case "changed":
      return texts.messageChanged;
    case "forged":
    case "wrong-sender":
      return texts.messageWrongSender;
    case "wrong-recipient":
      return texts.messageWrongRecipient;
    case "mismatch":
      return texts.messageMismatch;
    case "replayed":
      return texts.messageReplayed;
    case "unprotected":
      return texts.messageUnprotected;
    case "failed":
      return texts.messageFailed;
  }
}
