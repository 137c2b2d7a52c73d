import { computed, signal } from "@preact/signals";

import { remembered } from "../session/preferences.ts";
import { SmallWindow } from "./smallwindow.ts";

/** The panels beside the stage, of which one is open at a time. */
export type PanelName = "people" | "chat" | "security";

/** What lies over the meeting and takes the keyboard. */
export type DialogName = "settings" | "shortcuts" | "endMeeting" | "handOver" | "invite" | "connection";

export type LayoutName = "grid" | "speaker";
const isLayoutName = (value: unknown): value is LayoutName => value === "grid" || value === "speaker";

/** What the person looks at in a meeting; nobody else learns of it. */
export class View {
  readonly panel = signal<PanelName | undefined>(undefined);
  readonly dialog = signal<DialogName | undefined>(undefined);
  /** The tile that the person wants large. */
  readonly pinnedKey = signal<string | undefined>(undefined);
  /** How the stage is laid out while nothing is pinned or shared. */
  readonly layout = remembered<LayoutName>("layout", "grid", isLayoutName);
  /** How it is laid out while a screen is shared. */
  readonly sharedLayout = signal<LayoutName>("speaker");
  readonly screenIsShared = signal(false);
  /** The page of the grid, counted from 0. */
  readonly page = signal(0);
  /** Where one's own tile floats on a phone. */
  readonly corner = signal({ end: 0, bottom: 0 });
  /** Whether a shared screen is shown pixel by pixel, to be scrolled, and not made to fit. */
  readonly actualSize = signal(false);
  /** The picture in a window of its own. */
  readonly smallWindow = new SmallWindow();

  /** How the stage is laid out now. */
  readonly layoutNow = computed<LayoutName>(() => {
    if (this.screenIsShared.value) return this.sharedLayout.value;
    return this.pinnedKey.value === undefined ? this.layout.value : "speaker";
  });

  /** How often the person has asked who speaks. */
  readonly speakersAsked = signal(0);

  togglePanel(name: PanelName): void {
    this.panel.value = this.panel.value === name ? undefined : name;
  }

  closePanel(): void {
    this.panel.value = undefined;
  }

  askWhoSpeaks(): void {
    this.speakersAsked.value += 1;
  }

  /** Opens a dialog in place of the one that is open; undefined for none. */
  show(dialog: DialogName | undefined): void {
    this.dialog.value = dialog;
  }

  togglePin(key: string): void {
    this.pinnedKey.value = this.pinnedKey.value === key ? undefined : key;
  }

  /** Changes to the other layout; one that shows everybody alike has nothing pinned. */
  toggleLayout(): void {
    const next = this.layoutNow.value === "grid" ? "speaker" : "grid";
    if (next === "grid") this.pinnedKey.value = undefined;
    (this.screenIsShared.value ? this.sharedLayout : this.layout).value = next;
  }
}
