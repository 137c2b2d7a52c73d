import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";

import { ConnectionState, type Participant } from "../gen/conclave/v1/meetings_pb.js";
import { texts } from "../i18n/index.ts";
import { isReconnecting } from "../protocol/roster.ts";
import { Icon } from "./icons.tsx";

const LOST_AFTER_SECONDS = 30;

interface TileStateProps {
  readonly participant: Participant;
  /** How many pictures are shown at once, when this one is left out for being more. */
  readonly leftOutOf: number | undefined;
  readonly hasPicture: boolean;
  /** Whether the picture comes in a codec that this browser does not know. */
  readonly isUnreadable: boolean;
  /** Whether it shows the camera of somebody else. */
  readonly isOthersCamera: boolean;
}

/** In words whatever is wrong with what a tile shows. */
export function TileState({ participant, leftOutOf, hasPicture, isUnreadable, isOthersCamera }: TileStateProps): JSX.Element | null {
  if (isReconnecting(participant)) return <Reconnecting onPicture={hasPicture} />;
  if (participant.connectionState === ConnectionState.CONNECTING && !hasPicture) {
    return <p class="tile-line">{texts.stateConnecting}</p>;
  }
  if (isUnreadable) return <p class="tile-line">{texts.unknownCodec}</p>;
  if (isOthersCamera && !hasPicture && participant.quality?.cameraPaused === true) {
    return <p class="tile-line paused">{texts.theirCameraPaused}</p>;
  }
  return leftOutOf === undefined ? null : <p class="tile-line">{texts.tooManyPictures(leftOutOf)}</p>;
}

function Reconnecting({ onPicture }: { onPicture: boolean }): JSX.Element {
  const seconds = useSignal(0);
  useSignalEffect(() => {
    const since = performance.now();
    const timer = setInterval(() => {
      seconds.value = Math.floor((performance.now() - since) / 1000);
    }, 1000);
    return () => clearInterval(timer);
  });
  const lost = useComputed(() => seconds.value >= LOST_AFTER_SECONDS);
  return (
    <div class={onPicture ? "tile-state on-picture" : "tile-state"}>
      <span class="tile-state-icon">
        <Icon name="noConnection" size="l" />
      </span>
      <h2>{lost.value ? texts.stateLost : texts.stateReconnecting}</h2>
      {!lost.value && seconds.value > 0 && <p>{texts.noPictureFor(seconds.value)}</p>}
    </div>
  );
}
