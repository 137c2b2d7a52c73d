import { useSignal, useSignalEffect } from "@preact/signals";
import type { JSX, RefObject } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";

import { texts } from "../i18n/index.ts";
import { browserClock } from "../media/surroundings.ts";
import type { Session } from "../session/session.ts";
import { MoreCell, Pager } from "./around.tsx";
import { dragFloating, moveFloating } from "./floating.ts";
import { toggleFullScreen } from "./fullscreen.ts";
import { isRightToLeft } from "./rtl.ts";
import { Setting } from "./setting.ts";
import { neighbourOf, type Direction } from "./steps.ts";
import { shownBy, TileView } from "./tile.tsx";
import type { View } from "./view.ts";

/** The tiles of a meeting, laid out in whatever place there is. */
export function Stage({ session, view }: { session: Session; view: View }): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  const setting = useMemo(() => new Setting(session.roster, view, browserClock), [session, view]);
  useEffect(() => () => setting.stop(), [setting]);
  useEffect(() => measure(element, setting), [setting]);
  useSignalEffect(() => session.media.setWishes(setting.wishes.value));
  useSignalEffect(() => {
    const main = setting.main.value;
    view.smallWindow.show(main === undefined ? undefined : shownBy(session, main)?.track);
  });
  useEffect(() => () => view.smallWindow.close(), [view]);

  /** The one tile that the Tab key stops at. */
  const stop = useSignal<string | undefined>(undefined);
  const { placed, mainKey, floatingKey, more, page, pages } = setting.scene.value;
  const stopKey = placed.some((each) => each.tile.key === stop.value) ? stop.value : placed[0]?.tile.key;
  const slots = session.media.peer.value?.videoSlots ?? 0;
  const met = new Set(setting.wishes.value.slice(0, slots).map((wish) => wish.sourceId));
  const speakers = new Set(session.roster.value?.speakerIds ?? []);
  const { visible, stage } = setting.place.value;

  const pressed = (event: KeyboardEvent, key: string): void => {
    const direction = directionOf(event.key);
    if (event.key === "Enter") view.togglePin(key);
    else if (event.key === "Escape" && event.currentTarget instanceof HTMLElement) event.currentTarget.blur();
    else if (direction !== undefined && event.shiftKey && key === floatingKey) moveFloating(view, direction, stage);
    else if (direction !== undefined) focusTile(element.current, neighbourOf(placed, key, mirrored(direction)));
    else return;
    event.preventDefault();
  };

  return (
    <div class="stage" ref={element}>
      {placed.map((each) => {
        const { key, sourceId, isSelf, participant } = each.tile;
        return (
          <TileView
            key={key}
            session={session}
            view={view}
            placed={each}
            isMain={mainKey === key}
            isFloating={floatingKey === key}
            isLow={each.place.top + each.place.height / 2 > stage.height / 2}
            speaking={speakers.has(participant.id)}
            leftOut={visible && !isSelf && sourceId !== undefined && slots > 0 && !met.has(sourceId)}
            tabStop={stopKey === key}
            focused={() => {
              stop.value = key;
            }}
            pressed={(event) => pressed(event, key)}
            pressedTwice={() => void toggleFullScreen()}
            grabbed={(event) => floatingKey === key && dragFloating(event, view, stage)}
          />
        );
      })}
      {more !== undefined && <MoreCell place={more.place} people={more.people} press={() => view.toggleLayout()} />}
      {pages > 1 && (
        <Pager
          page={page}
          pages={pages}
          turn={(to) => {
            view.page.value = to;
          }}
        />
      )}
      {floatingKey !== undefined && (
        <span id="move-tile" hidden>
          {texts.moveTile}
        </span>
      )}
    </div>
  );
}

/** Tells the setting what place there is, from now on. Returns what stops it. */
function measure(element: RefObject<HTMLElement | null>, setting: Setting): () => void {
  const look = (): void => {
    if (element.current === null) return;
    setting.place.value = {
      stage: { width: element.current.clientWidth, height: element.current.clientHeight },
      window: { width: innerWidth, height: innerHeight },
      pixelRatio: devicePixelRatio,
      visible: !document.hidden,
    };
  };
  const observer = new ResizeObserver(look);
  if (element.current !== null) observer.observe(element.current);
  document.addEventListener("visibilitychange", look);
  return () => {
    observer.disconnect();
    document.removeEventListener("visibilitychange", look);
  };
}

function focusTile(stage: HTMLElement | null, key: string | undefined): void {
  const tiles = stage?.querySelectorAll<HTMLElement>(".tile") ?? [];
  [...tiles].find((tile) => tile.dataset["key"] === key)?.focus();
}

function directionOf(key: string): Direction | undefined {
  const directions: Record<string, Direction> = {
    ArrowLeft: "left",
    ArrowRight: "right",
    ArrowUp: "up",
    ArrowDown: "down",
  };
  return directions[key];
}

/** Places count from where lines begin; arrows do not. */
function mirrored(direction: Direction): Direction {
  if (!isRightToLeft() || direction === "up" || direction === "down") return direction;
  return direction === "left" ? "right" : "left";
}
