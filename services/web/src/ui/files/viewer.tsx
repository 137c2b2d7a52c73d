import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";

import { texts } from "../../i18n/index.ts";
import { pictureTypeIn } from "../../session/content/files/picturetype.ts";
import type { SharedFile } from "../../session/content/files/sharedfile.ts";
import type { Session } from "../../session/session.ts";
import { Icon } from "../icons.tsx";
import { Modal } from "../modal.tsx";
import { reasonFor } from "./facts.ts";
import { useAddress } from "./picture.ts";

interface ViewerProps {
  readonly session: Session;
  readonly file: SharedFile;
  readonly close: () => void;
}

/** A picture large, once all of it has come and proved whole. Closed, nothing of it stays. */
export function Viewer({ session, file, close }: ViewerProps): JSX.Element {
  const { downloads } = session.content.files;
  const download = useMemo(() => downloads.view(file), [file.id]);
  useEffect(() => () => download.cancel(), [download]);
  const state = download.state.value;
  const picture = useSignal<Blob | undefined>(undefined);
  const isShown = useSignal(true);
  const address = useAddress(picture.value);
  const blob = download.blob.value;
  useEffect(() => {
    if (blob === undefined) return;
    void asPicture(blob).then((made) => {
      picture.value = made;
      isShown.value = made !== undefined;
    });
  }, [blob]);
  return (
    <Modal name={file.name} class="viewer" close={close}>
      <div class="viewer-head">
        <h2 title={file.name}>
          <bdi>{file.name}</bdi>
        </h2>
        <button
          type="button"
          class="icon-button"
          aria-label={texts.downloadFile(file.name)}
          onClick={() => downloads.fetch(file)}
        >
          <Icon name="download" />
        </button>
        <button type="button" class="icon-button" aria-label={texts.close} onClick={close}>
          <Icon name="close" />
        </button>
      </div>
      <div class="viewer-body">
        {address !== undefined && isShown.value && (
          <img src={address} alt={texts.sharedPicture} onError={() => (isShown.value = false)} />
        )}
        {!isShown.value && <p role="status">{texts.pictureNotShown}</p>}
        {state.name === "failed" && <p role="status">{texts.notReceived(reasonFor(state.reason))}</p>}
        {(state.name === "running" || state.name === "waiting") && (
          <>
            <p>{texts.pictureReceiving}</p>
            <progress class="file-progress" aria-label={texts.receivingProgress(file.name)} max={1} value={download.progress.value} />
          </>
        )}
      </div>
    </Modal>
  );
}

/** The file as the kind of picture that it is, whatever it is called; undefined for what is not shown. */
async function asPicture(blob: Blob): Promise<Blob | undefined> {
  const type = await pictureTypeIn(blob);
  return type === undefined ? undefined : blob.slice(0, blob.size, type);
}
