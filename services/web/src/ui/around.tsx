import type { JSX } from "preact";

import type { Participant } from "../gen/conclave/v1/meetings_pb.js";
import { texts } from "../i18n/index.ts";
import { Avatar } from "./avatar.tsx";
import { Icon } from "./icons.tsx";
import type { Rectangle } from "./layout.ts";
import type { LayoutName, View } from "./view.ts";

const AVATARS = 3;

interface MoreCellProps {
  readonly place: Rectangle;
  readonly people: readonly Participant[];
  readonly press: () => void;
}

/** The last cell of a filmstrip: whoever found no room in it. */
export function MoreCell({ place, people, press }: MoreCellProps): JSX.Element {
  return (
    <button type="button" class="more-cell" style={styleOf(place)} aria-label={texts.showMore(people.length)} onClick={press}>
      <span class="more-avatars">
        {people.slice(0, AVATARS).map((participant) => (
          <Avatar key={participant.id} participant={participant} />
        ))}
      </span>
      <span>{texts.moreTiles(people.length)}</span>
    </button>
  );
}

/** A place in the stage, counted from where lines begin. */
export function styleOf(place: Rectangle): Record<string, string> {
  return {
    insetInlineStart: `${place.left}px`,
    top: `${place.top}px`,
    width: `${place.width}px`,
    height: `${place.height}px`,
  };
}

interface PagerProps {
  readonly page: number;
  readonly pages: number;
  readonly turn: (page: number) => void;
}

/** Which page of the grid is shown, and arrows to the others. */
export function Pager({ page, pages, turn }: PagerProps): JSX.Element {
  const arrow = (icon: "previous" | "next", name: string, to: number): JSX.Element => (
    <button
      type="button"
      class="icon-button"
      aria-label={name}
      aria-disabled={to < 0 || to >= pages}
      onClick={() => to >= 0 && to < pages && turn(to)}
    >
      <Icon name={icon} />
    </button>
  );
  return (
    <nav class="pager" aria-label={texts.pager}>
      {arrow("previous", texts.previousPage, page - 1)}
      <span role="status">{texts.pageOf(page + 1, pages)}</span>
      {arrow("next", texts.nextPage, page + 1)}
    </nav>
  );
}

/** Changes between grid and speaker view; it shows which of them there is and says what pressing it does. */
export function LayoutButton({ view }: { view: View }): JSX.Element {
  const shown: LayoutName = view.layoutNow.value;
  const name = shown === "grid" ? texts.showSpeaker : texts.showGrid;
  return (
    <button type="button" class="icon-button" aria-label={name} title={name} onClick={() => view.toggleLayout()}>
      <Icon name={shown === "grid" ? "grid" : "speakerView"} />
    </button>
  );
}
