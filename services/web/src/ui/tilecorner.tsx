import type { JSX } from "preact";

import { texts } from "../i18n/index.ts";
import type { Session } from "../session/session.ts";
import { canBeFullScreen, isFullScreen, toggleFullScreen } from "./fullscreen.ts";
import { Icon } from "./icons.tsx";
import { Menu, type MenuItem } from "./menu.tsx";
import { QualityPill } from "./othersquality.tsx";
import { StandingPill, standingOf } from "./standing.tsx";
import type { Tile } from "./tiles.ts";
import type { View } from "./view.ts";

interface CornerProps {
  readonly session: Session;
  readonly view: View;
  readonly tile: Tile;
  readonly name: string;
  readonly isMain: boolean;
  readonly tabStop: boolean;
}

/** What is said of a tile in pills, and what can be done with it: the latter shows while one points at it. */
export function Corner({ session, view, tile, name, isMain, tabStop }: CornerProps): JSX.Element {
  const pinned = view.pinnedKey.value === tile.key;
  const raised = tile.participant.handRaiseTime !== undefined && !tile.isScreen;
  const canFit = isMain && tile.isScreen;
  return (
    <>
      <div class={canFit ? "pills still" : "pills"}>
        {!tile.isSelf && !tile.isScreen && <QualityPill participant={tile.participant} />}
        {raised && (
          <span class="pill">
            <Icon name="hand" size="s" />
            <span class="pill-text">{texts.handRaised}</span>
          </span>
        )}
        <StandingPill standing={standingOf(session, tile.participant.id)} />
        {pinned && (
          <span class="pill">
            <Icon name="pin" size="s" />
            <span class="pill-text">{texts.pinned}</span>
          </span>
        )}
        {canFit && <FitButton view={view} />}
      </div>
      <div class="tile-actions">
        <button
          type="button"
          class="tile-action"
          aria-label={pinned ? texts.unpin(name) : texts.pin(name)}
          tabIndex={tabStop ? 0 : -1}
          onClick={() => view.togglePin(tile.key)}
        >
          <Icon name={pinned ? "shrink" : "enlarge"} size="s" />
        </button>
        <Menu name={texts.moreAbout(name)} class="tile-action" items={itemsOf(view, tile, name)}>
          <Icon name="more" size="s" />
        </Menu>
      </div>
    </>
  );
}

function itemsOf(view: View, tile: Tile, name: string): MenuItem[] {
  const pinned = view.pinnedKey.value === tile.key;
  const items: MenuItem[] = [
    { text: pinned ? texts.unpin(name) : texts.pin(name), icon: "pin", press: () => view.togglePin(tile.key) },
  ];
  if (canBeFullScreen()) {
    items.push({
      text: texts.fullScreen,
      icon: "enlarge",
      checked: isFullScreen.value,
      press: () => void toggleFullScreen(),
    });
  }
  return items;
}

/** Whether a shared screen is made to fit, or shown pixel by pixel; it says what pressing it does. */
function FitButton({ view }: { view: View }): JSX.Element {
  const actual = view.actualSize.value;
  return (
    <button
      type="button"
      class="pill"
      onClick={() => {
        view.actualSize.value = !actual;
      }}
    >
      <Icon name="magnifier" size="s" />
      {actual ? texts.fit : texts.actualSize}
    </button>
  );
}
