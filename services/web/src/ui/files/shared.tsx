import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { texts } from "../../i18n/index.ts";
import type { ChatEntry } from "../../session/content/chatlog.ts";
import { MOST_TO_VIEW } from "../../session/content/files/downloads.ts";
import { isProgram } from "../../session/content/files/names.ts";
import type { Preview, SharedFile } from "../../session/content/files/sharedfile.ts";
import type { Session } from "../../session/session.ts";
import { Icon } from "../icons.tsx";
import { CardButton, FileCard, FileShown } from "./card.tsx";
import { factsOf, reasonFor } from "./facts.ts";
import { useAddress } from "./picture.ts";
import { TransferCard } from "./transfer.tsx";
import { Viewer } from "./viewer.tsx";

/** A file that was shared: its picture if it is one, what it is, and saving it. */
export function SharedFileCard({ session, entry, file }: { session: Session; entry: ChatEntry; file: SharedFile }): JSX.Element {
  const { downloads } = session.content.files;
  const download = downloads.underWay.value.get(file.id);
  const state = download?.state.value;
  const isViewed = useSignal(false);
  return (
    <FileShown>
      {file.preview !== undefined && (
        <PreviewPicture
          preview={file.preview}
          name={file.name}
          view={file.size <= MOST_TO_VIEW ? () => (isViewed.value = true) : undefined}
        />
      )}
      {download !== undefined && state?.name !== "failed" ? (
        <TransferCard name={file.name} transfer={download} isOutgoing={false} />
      ) : (
        <FileCard name={file.name} about={factsOf(file)}>
          <CardButton icon="download" name={texts.downloadFile(file.name)} press={() => downloads.fetch(file)} />
        </FileCard>
      )}
      {state?.name === "failed" && (
        <div class="chat-refused">
          <p>{texts.notReceived(reasonFor(state.reason))}</p>
          <button type="button" class="button small outline" onClick={() => download?.start()}>
            {texts.tryAgain}
          </button>
          <button type="button" class="button small ghost" onClick={() => download?.cancel()}>
            {texts.discardMessage}
          </button>
        </div>
      )}
      {!entry.own && isProgram(file.name) && (
        <p class="file-warning">
          <Icon name="warning" size="s" />
          <span>{texts.mayRunPrograms}</span>
        </p>
      )}
      {isViewed.value && <Viewer session={session} file={file} close={() => (isViewed.value = false)} />}
    </FileShown>
  );
}

interface PreviewPictureProps {
  readonly preview: Preview;
  readonly name: string;
  /** Opens it large; undefined for one that is too large to be looked at here. */
  readonly view: (() => void) | undefined;
}

function PreviewPicture({ preview, name, view }: PreviewPictureProps): JSX.Element | null {
  const address = useAddress(preview.picture);
  if (address === undefined) return null;
  const picture = <img class="file-preview" src={address} width={preview.width} height={preview.height} alt="" />;
  if (view === undefined) return picture;
  return (
    <button type="button" class="file-view" aria-label={texts.viewPicture(name)} onClick={view}>
      {picture}
    </button>
  );
}
