import { texts } from "../i18n/index.ts";
import { isBoolean, remembered } from "../session/preferences.ts";
import type { Session } from "../session/session.ts";
import { toggleFullScreen } from "./fullscreen.ts";
import { leave } from "./leaving.ts";
import type { View } from "./view.ts";

/** What a key does in a meeting. */
export interface Command {
  /** As KeyboardEvent.key tells it, in lower case. */
  readonly key: string;
  /** Whether Ctrl and Shift are held too. */
  readonly withControlShift?: boolean;
  readonly text: string;
  readonly run: () => void;
}

/** Whether keys without Ctrl do anything: who dictates or has a tremor may want them not to. */
export const singleKeys = remembered("singleKeys", true, isBoolean);

/** Everything that a key does, in the order in which it is listed. */
export function commandsOf(session: Session, view: View): Command[] {
  const { local } = session;
  return [
    { key: "m", text: texts.commandMicrophone, run: () => void local.setMicrophone(!local.microphoneOn.value) },
    { key: "v", text: texts.commandCamera, run: () => void local.setCamera(local.camera.value === undefined) },
    { key: "s", text: texts.commandShare, run: () => void local.setScreen(local.screen.value === undefined) },
    {
      key: "h",
      text: texts.commandHand,
      run: () => void session.setHand(session.self.value?.handRaiseTime === undefined),
    },
    { key: "g", text: texts.commandLayout, run: () => view.toggleLayout() },
    { key: "f", text: texts.commandFullScreen, run: () => void toggleFullScreen() },
    { key: "p", text: texts.commandPeople, run: () => view.togglePanel("people") },
    { key: "c", text: texts.commandChat, run: () => view.togglePanel("chat") },
    { key: "i", text: texts.commandSecurity, run: () => view.togglePanel("security") },
    { key: "w", text: texts.commandSpeakers, run: () => view.askWhoSpeaks() },
    { key: "escape", text: texts.commandClose, run: () => view.closePanel() },
    { key: "?", text: texts.commandShortcuts, run: () => view.show("shortcuts") },
    { key: "l", withControlShift: true, text: texts.commandLeave, run: () => leave(session, view) },
  ];
}

/** The keys of a command as they are written on a keyboard, those to hold first. */
export function keysOf({ key, withControlShift = false }: Command): string[] {
  const named: Record<string, string> = { escape: texts.keyEscape, " ": texts.keySpace };
  const last = named[key] ?? key.toUpperCase();
  return withControlShift ? [texts.keyControl, texts.keyShift, last] : [last];
}

/** The keys of a command as `aria-keyshortcuts` wants them. */
export function shortcutOf({ key, withControlShift = false }: Command): string {
  const last = key.charAt(0).toUpperCase() + key.slice(1);
  return withControlShift ? `Control+Shift+${last}` : last;
}

/** Runs commands by their keys, except while the person types. Returns what stops it. */
export function listenForCommands(commands: readonly Command[]): () => void {
  const pressed = (event: KeyboardEvent): void => {
    if (event.repeat || event.defaultPrevented) return;
    const command = commandFor(event, commands, singleKeys.value);
    if (command === undefined || (command.withControlShift !== true && isElsewhere(event.target))) return;
    event.preventDefault();
    command.run();
  };
  document.addEventListener("keydown", pressed);
  return () => document.removeEventListener("keydown", pressed);
}

/** What of a keyboard event tells the command. */
export type Pressed = Pick<KeyboardEvent, "key" | "ctrlKey" | "shiftKey" | "altKey" | "metaKey">;

/** The command that was pressed; Esc works without Ctrl in any case. */
export function commandFor(pressed: Pressed, commands: readonly Command[], single: boolean): Command | undefined {
  if (pressed.altKey || pressed.metaKey || (pressed.ctrlKey && !pressed.shiftKey)) return undefined;
  const key = pressed.key.toLowerCase();
  if (!pressed.ctrlKey && !single && key !== "escape") return undefined;
  return commands.find((each) => each.key === key && (each.withControlShift ?? false) === pressed.ctrlKey);
}

/** Whether a key belongs to what has the focus: a field, or a dialog over the meeting. */
function isElsewhere(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  const takesText = target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName);
  const isField = target instanceof HTMLInputElement && !/^(checkbox|radio|button)$/.test(target.type);
  return takesText || isField || target.closest(".dialog") !== null;
}
