import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";

import { ConnectionState, SourceKind, type Participant } from "../gen/conclave/v1/meetings_pb.js";
import { texts } from "../i18n/index.ts";
import { VIDEO_SLOTS } from "../media/peer.ts";
import { activeSource, isReconnecting } from "../protocol/roster.ts";
import type { Session } from "../session/session.ts";
import { colourOf, initialsOf } from "./avatar.tsx";
import { Icon } from "./icons.tsx";
import { Picture } from "./picture.tsx";
import type { PlacedTile, Tile } from "./tiles.ts";

/** Narrower tiles show icon and name only; lower ones have no room for an icon above a state. */
const NARROW = 200;
const LOW = 160;
const LOST_AFTER_SECONDS = 30;

interface TileProps {
  readonly session: Session;
  readonly placed: PlacedTile;
  readonly speaking: boolean;
  readonly pinned: boolean;
  /** Whether there are more pictures than slots and this one is left out. */
  readonly leftOut: boolean;
  readonly togglePin: () => void;
}

/** One person or shared screen: picture or initials, name, and in words whatever is wrong. */
export function TileView({ session, placed, speaking, pinned, leftOut, togglePin }: TileProps): JSX.Element {
  const { tile, place } = placed;
  const { participant, isScreen, isSelf } = tile;
  const name = isScreen ? texts.screenOf(participant.displayName) : participant.displayName;
  const shown = shownBy(session, tile);
  const muted = !isScreen && activeSource(participant, SourceKind.MICROPHONE) === undefined;
  const style = {
    insetInlineStart: `${place.left}px`,
    top: `${place.top}px`,
    width: `${place.width}px`,
    height: `${place.height}px`,
  };
  const size = [place.width < NARROW ? "narrow" : "", place.height < LOW ? "low" : ""];
  const classes = ["tile", speaking && !isScreen ? "speaking" : "", ...size];
  return (
    <div
      class={classes.filter(Boolean).join(" ")}
      role="group"
      aria-label={name}
      style={style}
      data-participant-id={participant.id}
      data-source-id={tile.sourceId ?? ""}
      data-slot-mid={shown?.mid ?? ""}
      onClick={togglePin}
    >
      {shown === undefined ? (
        <span class={`initials who-${colourOf(participant.id)}`} aria-hidden="true">
          {isScreen ? <Icon name="screen" size="l" /> : initialsOf(participant.displayName)}
        </span>
      ) : (
        <Picture track={shown.track} mirrored={isSelf && !isScreen} whole={isScreen} />
      )}
      <TileState participant={participant} leftOut={leftOut} hasPicture={shown !== undefined} />
      <div class="caption">
        {muted && (
          <span class="caption-muted">
            <Icon name="microphoneOff" size="s" />
            <span class="hidden-text">{texts.muted}</span>
          </span>
        )}
        {speaking && !muted && (
          <span class="level" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
        )}
        {isScreen && <Icon name="screen" size="s" />}
        <span class="caption-name">{name}</span>
        {isSelf && <span class="caption-you">{texts.you}</span>}
      </div>
      <button
        type="button"
        class="tile-pin"
        aria-label={pinned ? texts.unpin(name) : texts.pin(name)}
        onClick={(event) => {
          event.stopPropagation();
          togglePin();
        }}
      >
        <Icon name={pinned ? "shrink" : "enlarge"} size="s" />
      </button>
    </div>
  );
}

interface Shown {
  readonly track: MediaStreamTrack;
  readonly mid: string;
}

/** The track to show: one's own, or that of the slot which shows the tile's source at this moment. */
function shownBy(session: Session, tile: Tile): Shown | undefined {
  if (tile.isSelf) {
    const track = tile.isScreen ? session.local.screen.value : session.local.camera.value;
    return track === undefined ? undefined : { track, mid: "" };
  }
  if (tile.sourceId === undefined) return undefined;
  for (const slot of session.roster.value?.slots.values() ?? []) {
    if (slot.audio || slot.sourceId !== tile.sourceId) continue;
    const track = session.media.peer.value?.trackOf(slot.mid);
    if (track !== undefined) return { track, mid: slot.mid };
  }
  return undefined;
}

function TileState(props: { participant: Participant; leftOut: boolean; hasPicture: boolean }): JSX.Element | null {
  const { participant, leftOut, hasPicture } = props;
  if (isReconnecting(participant)) return <Reconnecting onPicture={hasPicture} />;
  if (participant.connectionState === ConnectionState.CONNECTING && !hasPicture) {
    return <p class="tile-line">{texts.stateConnecting}</p>;
  }
  return leftOut ? <p class="tile-line">{texts.tooManyPictures(VIDEO_SLOTS)}</p> : null;
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
