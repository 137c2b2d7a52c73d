import type { JSX } from "preact";

import { texts } from "../../i18n/index.ts";
import type { Outgoing } from "../../session/content/chat.ts";
import { RecipientMissing } from "../../session/content/seal.ts";
import type { Session } from "../../session/session.ts";
import { OwnLine } from "./ownline.tsx";
import { reasonFor } from "./reason.ts";
import { Words } from "./words.tsx";

/** A line that the appliance has not taken yet. */
export function OutgoingLine({ session, line }: { session: Session; line: Outgoing }): JSX.Element {
  return (
    <OwnLine session={session} addressee={line.addressee}>
      <Words text={line.text} />
      <OutgoingState session={session} line={line} />
    </OwnLine>
  );
}

/** How it stands with a line on its way, and what to do when it was refused. */
export function OutgoingState({ session, line }: { session: Session; line: Outgoing }): JSX.Element {
  const { chat } = session.content;
  if (line.refusal === undefined) {
    return <p class="chat-state">{underWayText(session)}</p>;
  }
  return (
    <div class="chat-refused" role="status">
      <p>{texts.notSent(whyNotSent(line, line.refusal))}</p>
      <button type="button" class="button small outline" onClick={() => chat.retry(line.id)}>
        {texts.tryAgain}
      </button>
      <button type="button" class="button small ghost" onClick={() => chat.discard(line.id)}>
        {texts.discardMessage}
      </button>
    </div>
  );
}

function underWayText({ online, protection }: Session): string {
  if (!online.value) return texts.sendsLater;
  return protection.isOn.value && protection.status.value.name !== "ready" ? texts.sendsWhenSecured : texts.sending;
}

function whyNotSent({ addressee }: Outgoing, refusal: NonNullable<Outgoing["refusal"]>): string {
  return refusal instanceof RecipientMissing ? texts.reasonNoKey(addressee?.name ?? "") : reasonFor(refusal);
}
