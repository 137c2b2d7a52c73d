import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { texts } from "../i18n/index.ts";
import { VIDEO_SLOTS } from "../media/peer.ts";
import type { Session } from "../session/session.ts";
import { Announcements } from "./announcements.tsx";
import { Controls, listenForShortcuts } from "./controls.tsx";
import { Brand, Icon } from "./icons.tsx";
import type { Size } from "./layout.ts";
import { deviceProblems } from "./prejoin.tsx";
import { SecurityChip } from "./security.tsx";
import { TileView } from "./tile.tsx";
import { mainTile, placeTiles, tilesOf, wishesFor } from "./tiles.ts";

/** The meeting: top bar, what is wrong if anything, the stage with its tiles, the control bar. */
export function Meeting({ session }: { session: Session }): JSX.Element {
  useEffect(() => listenForShortcuts(session), [session]);
  const room = session.room.value;
  return (
    <div class="meeting" data-online={session.online.value} data-media={session.media.state.value}>
      <header class="top">
        <Brand />
        <h1 class="top-room">{room?.displayName}</h1>
        {room !== undefined && <SecurityChip room={room} />}
        <span class="top-state">{connectionText(session)}</span>
      </header>
      <main class="middle">
        <Banner session={session} />
        <Stage session={session} />
      </main>
      <Controls session={session} />
      <Announcements session={session} />
    </div>
  );
}

function connectionText(session: Session): string {
  if (!session.online.value) return texts.reconnecting;
  const media = session.media.state.value;
  if (media === "connected") return texts.online;
  return media === "interrupted" ? texts.reconnecting : texts.mediaConnecting;
}

function Banner({ session }: { session: Session }): JSX.Element | null {
  const media = session.media.state.value;
  const lines = deviceProblems(session);
  if (!session.online.value) lines.unshift(texts.connectionLost);
  else if (media === "interrupted") lines.unshift(texts.mediaInterrupted);
  else if (media === "refused") lines.unshift(texts.mediaRefused);
  const [line] = lines;
  if (line === undefined) return null;
  return (
    <div class="banner" role="status">
      <Icon name="warning" />
      <span>{line}</span>
    </div>
  );
}

function Stage({ session }: { session: Session }): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  const size = useSignal<Size>({ width: 0, height: 0 });
  const pinnedKey = useSignal<string | undefined>(undefined);
  const visible = useSignal(!document.hidden);

  useEffect(() => {
    if (element.current === null) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) size.value = { width: entry.contentRect.width, height: entry.contentRect.height };
    });
    observer.observe(element.current);
    const visibilityChanged = (): void => {
      visible.value = !document.hidden;
    };
    document.addEventListener("visibilitychange", visibilityChanged);
    return () => {
      observer.disconnect();
      document.removeEventListener("visibilitychange", visibilityChanged);
    };
  }, [size, visible]);

  const placed = useComputed(() => {
    const roster = session.roster.value;
    if (roster === undefined) return [];
    const tiles = tilesOf(roster);
    const window = { width: innerWidth, height: innerHeight };
    return placeTiles(tiles, mainTile(tiles, pinnedKey.value), roster.speakerIds, size.value, window);
  });
  const wishes = useComputed(() =>
    // A hidden page shows nothing, so it wants no pictures; its sound goes on.
    visible.value ? wishesFor(placed.value, session.roster.value?.speakerIds ?? [], devicePixelRatio) : [],
  );
  useSignalEffect(() => session.media.setWishes(wishes.value));

  const met = new Set(wishes.value.slice(0, VIDEO_SLOTS).map((wish) => wish.sourceId));
  const speakers = new Set(session.roster.value?.speakerIds ?? []);
  const total = session.roster.value === undefined ? 0 : tilesOf(session.roster.value).length;
  const unseen = total - placed.value.length;
  return (
    <div class="stage" ref={element}>
      {placed.value.map((each) => (
        <TileView
          key={each.tile.key}
          session={session}
          placed={each}
          speaking={speakers.has(each.tile.participant.id)}
          pinned={pinnedKey.value === each.tile.key}
          leftOut={visible.value && !each.tile.isSelf && each.tile.sourceId !== undefined && !met.has(each.tile.sourceId)}
          togglePin={() => {
            pinnedKey.value = pinnedKey.value === each.tile.key ? undefined : each.tile.key;
          }}
        />
      ))}
      {unseen > 0 && placed.value.length > 0 && <p class="stage-more">{texts.moreTiles(unseen)}</p>}
    </div>
  );
}
