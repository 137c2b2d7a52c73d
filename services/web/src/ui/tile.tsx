import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useCallback } from "preact/hooks";

import { SourceKind } from "../gen/conclave/v1/meetings_pb.js";
import { texts } from "../i18n/index.ts";
import { showsH264 } from "../media/codecs.ts";
import { activeSource } from "../protocol/roster.ts";
import type { Session } from "../session/session.ts";
import { styleOf } from "./around.tsx";
import { colourOf, initialsOf } from "./avatar.tsx";
import { hiddenOf } from "./hidden.ts";
import { Icon } from "./icons.tsx";
import { Picture } from "./picture.tsx";
import { Corner } from "./tilecorner.tsx";
import type { PlacedTile, Tile } from "./tiles.ts";
import { TileState } from "./tilestate.tsx";
import { Undecrypted } from "./undecrypted.tsx";
import type { View } from "./view.ts";

/** Narrower tiles show icon and name only; lower ones have no room for an icon above a state. */
const NARROW = 200;
const LOW = 160;

interface TileProps {
  readonly session: Session;
  readonly view: View;
  readonly placed: PlacedTile;
  readonly isMain: boolean;
  readonly isFloating: boolean;
  /** Whether it lies in the lower half of the stage, where a menu opens upwards. */
  readonly isLow: boolean;
  readonly speaking: boolean;
  /** Whether there are more pictures than slots and this one is left out. */
  readonly leftOut: boolean;
  /** Whether the Tab key stops at it. */
  readonly tabStop: boolean;
  readonly focused: () => void;
  readonly pressed: (event: KeyboardEvent) => void;
  readonly pressedTwice: () => void;
  readonly grabbed: (event: PointerEvent) => void;
}

/** One person or shared screen: picture or initials, name, and in words whatever is wrong. */
export function TileView(props: TileProps): JSX.Element {
  const { session, view, placed, isMain, isFloating, speaking, tabStop } = props;
  const { tile, place } = placed;
  const { participant, isScreen, isSelf } = tile;
  const name = isScreen ? texts.screenOf(participant.displayName) : participant.displayName;
  const shown = shownBy(session, tile);
  const seen = useSignal(false);
  const tellSeen = useCallback(
    (now: boolean): void => {
      seen.value = now;
    },
    [seen],
  );
  const hidden = hiddenOf(session, participant.id, shown?.mid);
  const hasPicture = shown !== undefined && seen.value;
  const isUnreadable = tile.h264 && !showsH264();
  const isLoading = tile.sourceId !== undefined && !hasPicture && !props.leftOut && !isSelf && !isUnreadable;
  const flags = {
    speaking: speaking && !isScreen,
    narrow: place.width < NARROW,
    low: place.height < LOW,
    floating: isFloating,
    lower: props.isLow,
    scrolled: isMain && isScreen && view.actualSize.value,
  };
  const onTileItself = (event: KeyboardEvent): void => {
    if (event.target === event.currentTarget) props.pressed(event);
  };
  return (
    <div
      class={["tile", ...Object.entries(flags).flatMap(([flag, holds]) => (holds ? [flag] : []))].join(" ")}
      role="group"
      aria-label={name}
      aria-describedby={isFloating ? "move-tile" : undefined}
      style={styleOf(place)}
      tabIndex={tabStop ? 0 : -1}
      data-key={tile.key}
      data-participant-id={participant.id}
      data-source-id={tile.sourceId ?? ""}
      data-slot-mid={shown?.mid ?? ""}
      onFocus={props.focused}
      onKeyDown={onTileItself}
      onDblClick={props.pressedTwice}
      onPointerDown={props.grabbed}
    >
      <Inside scrolled={flags.scrolled} name={name}>
        {shown !== undefined && (
          <Picture
            track={shown.track}
            mirrored={isSelf && !isScreen && session.local.cameraMirrored.value}
            whole={isScreen}
            ratio={place.width / place.height}
            seen={tellSeen}
          />
        )}
      </Inside>
      {!hasPicture && <Initials tile={tile} isLoading={isLoading} />}
      <TileState
        participant={participant}
        leftOutOf={props.leftOut ? session.media.peer.value?.videoSlots : undefined}
        hasPicture={hasPicture}
        isUnreadable={isUnreadable}
        isOthersCamera={!isSelf && !isScreen}
      />
      {hidden !== undefined && (
        <Undecrypted session={session} name={participant.displayName} hidden={hidden} onPicture={hasPicture} />
      )}
      <Caption tile={tile} name={name} speaking={speaking} isFloating={isFloating} />
      <Corner session={session} view={view} tile={tile} name={name} isMain={isMain} tabStop={tabStop} />
    </div>
  );
}

interface InsideProps {
  readonly scrolled: boolean;
  readonly name: string;
  readonly children: JSX.Element | false;
}

/** What the picture lies in: a shared screen in its own size is moved within it. */
function Inside({ scrolled, name, children }: InsideProps): JSX.Element {
  const reachable = scrolled ? { tabIndex: 0, role: "region", "aria-label": texts.scrolledScreen(name) } as const : {};
  return (
    <div class="tile-inside" {...reachable}>
      {children}
    </div>
  );
}

function Initials({ tile, isLoading }: { tile: Tile; isLoading: boolean }): JSX.Element {
  const { participant, isScreen } = tile;
  return (
    <span class={`initials who-${colourOf(participant.id)}${isLoading ? " loading" : ""}`} aria-hidden="true">
      {isScreen ? <Icon name="screen" size="l" /> : initialsOf(participant.displayName)}
    </span>
  );
}

function Caption(props: { tile: Tile; name: string; speaking: boolean; isFloating: boolean }): JSX.Element {
  const { participant, isScreen, isSelf } = props.tile;
  const muted = !isScreen && activeSource(participant, SourceKind.MICROPHONE) === undefined;
  return (
    <div class="caption">
      {muted && (
        <span class="caption-muted">
          <Icon name="microphoneOff" size="s" />
          <span class="hidden-text">{texts.muted}</span>
        </span>
      )}
      {props.speaking && !muted && !isScreen && (
        <span class="level" aria-hidden="true">
          <i />
          <i />
          <i />
        </span>
      )}
      {isScreen && <Icon name="screen" size="s" />}
      <span class="caption-name">{props.isFloating ? texts.youAlone : props.name}</span>
      {isSelf && !props.isFloating && <span class="caption-you">{texts.you}</span>}
    </div>
  );
}

interface Shown {
  readonly track: MediaStreamTrack;
  readonly mid: string;
}

/** The track to show: one's own, or that of the slot which shows the tile's source at this moment. */
export function shownBy(session: Session, tile: Tile): Shown | undefined {
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
