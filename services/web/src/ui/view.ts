import { signal } from "@preact/signals";

/** The panels beside the stage, of which one is open at a time. */
export type PanelName = "people" | "security";

/** What lies over the meeting and takes the keyboard. */
export type DialogName = "settings" | "shortcuts" | "endMeeting" | "handOver" | "invite" | "connection";

/** What the person looks at in a meeting; nobody else learns of it. */
export class View {
  readonly panel = signal<PanelName | undefined>(undefined);
  readonly dialog = signal<DialogName | undefined>(undefined);
  /** The tile that the person wants large. */
  readonly pinnedKey = signal<string | undefined>(undefined);

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
}
