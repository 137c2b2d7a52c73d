import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { texts } from "../i18n/index.ts";
import { VIDEO_SLOTS } from "../media/peer.ts";
import type { Session } from "../session/session.ts";
import type { Size } from "./layout.ts";
import { TileView } from "./tile.tsx";
import { mainTile, placeTiles, tilesOf, wishesFor } from "./tiles.ts";
import type { View } from "./view.ts";

/** The tiles of a meeting, laid out in whatever place there is. */
export function Stage({ session, view }: { session: Session; view: View }): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  const size = useSignal<Size>({ width: 0, height: 0 });
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
    return placeTiles(tiles, mainTile(tiles, view.pinnedKey.value), roster.speakerIds, size.value, window);
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
          pinned={view.pinnedKey.value === each.tile.key}
          leftOut={visible.value && !each.tile.isSelf && each.tile.sourceId !== undefined && !met.has(each.tile.sourceId)}
          togglePin={() => view.togglePin(each.tile.key)}
        />
      ))}
      {unseen > 0 && placed.value.length > 0 && <p class="stage-more">{texts.moreTiles(unseen)}</p>}
    </div>
  );
}
