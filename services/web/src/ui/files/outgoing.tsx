import type { JSX } from "preact";

import { texts } from "../../i18n/index.ts";
import type { Upload } from "../../session/content/files/upload.ts";
import type { Unsent } from "../../session/content/files/uploads.ts";
import type { Session } from "../../session/session.ts";
import { OwnLine } from "../chat/ownline.tsx";
import { AttachButton } from "./attach.tsx";
import { FileCard, FileShown } from "./card.tsx";
import { factsOf, reasonFor } from "./facts.ts";
import { TransferCard } from "./transfer.tsx";

/** A file that has not got there yet, as a line of the chat. */
export function OutgoingFile({ session, upload }: { session: Session; upload: Upload }): JSX.Element {
  const state = upload.state.value;
  const { name, addressee } = upload;
  return (
    <OwnLine session={session} addressee={addressee}>
      <FileShown>
        {state.name === "failed" ? (
          <>
            <FileCard name={name} about={factsOf({ name, size: upload.file.size })} />
            <div class="chat-refused">
              <p>{texts.notSent(reasonFor(state.reason, addressee?.name))}</p>
              <button type="button" class="button small outline" onClick={() => upload.start()}>
                {texts.tryAgain}
              </button>
              <button type="button" class="button small ghost" onClick={() => upload.cancel()}>
                {texts.discardMessage}
              </button>
            </div>
          </>
        ) : (
          <TransferCard name={name} transfer={upload} isOutgoing />
        )}
      </FileShown>
    </OwnLine>
  );
}

/** A file that was chosen and is not sent, and why. */
export function UnsentFile({ session, unsent }: { session: Session; unsent: Unsent }): JSX.Element {
  const isInterrupted = unsent.why === "interrupted";
  return (
    <OwnLine session={session}>
      <div class="chat-refused">
        <p class="file-name">
          <bdi>{unsent.name}</bdi>
        </p>
        <p>{texts.notSent(isInterrupted ? texts.reasonInterrupted : texts.reasonOverLimit)}</p>
        {isInterrupted && <AttachButton session={session} text={texts.chooseFile} />}
        <button type="button" class="button small ghost" onClick={() => session.content.files.uploads.dismiss(unsent.id)}>
          {texts.discardMessage}
        </button>
      </div>
    </OwnLine>
  );
}
