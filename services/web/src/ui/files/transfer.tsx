import type { JSX } from "preact";

import { texts } from "../../i18n/index.ts";
import type { TransferState } from "../../session/content/files/persistent.ts";
import { CardButton, FileCard } from "./card.tsx";

/** What goes out or comes in, as far as a person steers it. */
export interface Steered {
  readonly state: { readonly value: TransferState };
  readonly progress: { readonly value: number };
  start(): void;
  pause(): void;
  cancel(): void;
}

interface TransferProps {
  readonly name: string;
  readonly transfer: Steered;
  readonly isOutgoing: boolean;
}

/** A file on its way: how far it is, and buttons to pause it, to go on, and to give it up. */
export function TransferCard({ name, transfer, isOutgoing }: TransferProps): JSX.Element {
  const state = transfer.state.value.name;
  const value = transfer.progress.value;
  const label = isOutgoing ? texts.sendingProgress(name) : texts.receivingProgress(name);
  const isPaused = state === "paused";
  return (
    <FileCard name={name} about={aboutOf(state, Math.floor(value * 100), isOutgoing)} progress={{ value, name: label }}>
      {isPaused ? (
        <CardButton icon="goOn" name={texts.resumeFile(name)} press={() => transfer.start()} />
      ) : (
        state !== "queued" && <CardButton icon="pause" name={texts.pauseFile(name)} press={() => transfer.pause()} />
      )}
      <CardButton icon="close" name={texts.cancelFile(name)} press={() => transfer.cancel()} />
    </FileCard>
  );
}

function aboutOf(state: TransferState["name"], percent: number, isOutgoing: boolean): string {
  switch (state) {
    case "queued":
      return texts.fileQueued;
    case "paused":
      return texts.filePaused(percent);
    case "waiting":
      return texts.fileWaiting;
    default:
      return isOutgoing ? texts.fileSending(percent) : texts.fileReceiving(percent);
  }
}
