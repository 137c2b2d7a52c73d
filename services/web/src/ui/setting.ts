import { computed, effect, signal, type ReadonlySignal } from "@preact/signals";

import type { Clock } from "../protocol/ports.ts";
import type { Roster } from "../protocol/roster.ts";
import type { Wish } from "../protocol/slots.ts";
import type { Size } from "./layout.ts";
import { broughtIn, keptOrder } from "./paging.ts";
import { gridScene, peopleOnPage, speakerScene, type Scene } from "./scene.ts";
import { Speech } from "./speech.ts";
import { mainTile, tilesOf, wishesFor, type Tile } from "./tiles.ts";
import type { View } from "./view.ts";

/** The place that there is, as the page measures it. */
export interface Place {
  readonly stage: Size;
  readonly window: Size;
  readonly pixelRatio: number;
  /** Whether the person can see the page. */
  readonly visible: boolean;
}

/** What is on the stage at each moment, and which pictures that takes. */
export class Setting {
  readonly place = signal<Place>({ stage: NO_SIZE, window: NO_SIZE, pixelRatio: 1, visible: true });
  readonly scene: ReadonlySignal<Scene>;
  /** The tile that matters most, whatever the layout: what a small window shows. */
  readonly main: ReadonlySignal<Tile | undefined>;
  readonly wishes: ReadonlySignal<readonly Wish[]>;

  readonly #order = signal<readonly string[]>([]);
  readonly #speech: Speech;
  readonly #stop: () => void;

  constructor(roster: ReadonlySignal<Roster | undefined>, view: View, clock: Clock) {
    this.#speech = new Speech(clock);
    const tiles = computed(() => (roster.value === undefined ? [] : tilesOf(roster.value, this.#order.value)));
    this.main = computed(() => mainTile(tiles.value, view.pinnedKey.value, this.#speech.mainId.value));
    this.scene = computed(() => {
      const { stage, window } = this.place.value;
      if (view.layoutNow.value === "grid") return gridScene(tiles.value, view.page.value, stage, window, view.corner.value);
      return speakerScene(tiles.value, this.main.value, this.#speech.recentIds.value, stage, window);
    });
    this.wishes = computed(() => {
      const { pixelRatio, visible } = this.place.value;
      const { placed, mainKey } = this.scene.value;
      const wishes = wishesFor(placed, mainKey, roster.value?.speakerIds ?? [], pixelRatio);
      if (visible) return wishes;
      // A hidden page shows nothing, so it wants no pictures but that of its small window; its sound goes on.
      const main = view.smallWindow.isOpen.value ? this.main.value : undefined;
      if (main?.sourceId === undefined || main.isSelf) return [];
      return [{ sourceId: main.sourceId, maxHeight: SMALL_WINDOW_HEIGHT * pixelRatio }];
    });
    const stops = [
      effect(() => {
        const shared = tiles.value.some((tile) => tile.isScreen && !tile.isSelf);
        if (!shared) view.sharedLayout.value = "speaker"; // The next one is large again.
        view.screenIsShared.value = shared;
      }),
      effect(() => {
        if (roster.value !== undefined) this.#follow(roster.value, view.page.value);
      }),
    ];
    this.#stop = () => stops.forEach((stop) => stop());
  }

  stop(): void {
    this.#speech.stop();
    this.#stop();
  }

  #follow(roster: Roster, page: number): void {
    const { stage, window } = this.place.value;
    const speakerIds = roster.speakerIds.filter((id) => id !== roster.selfId);
    this.#speech.heard(speakerIds);
    const before = this.#order.peek();
    const present = roster.participants.map((participant) => participant.id);
    const kept = keptOrder(before, present);
    const span = peopleOnPage(tilesOf(roster, kept), page, stage, window);
    const order = broughtIn(kept, span, speakerIds, this.#speech.recentIds.peek(), roster.selfId);
    if (order.length !== before.length || order.some((id, index) => id !== before[index])) this.#order.value = order;
  }
}

const NO_SIZE: Size = { width: 0, height: 0 };
const SMALL_WINDOW_HEIGHT = 270;
