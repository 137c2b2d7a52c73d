import { texts } from "../i18n/index.ts";
import type { Session } from "../session/session.ts";
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

/** Everything that a key does, in the order in which it is listed. */
export function commandsOf(session: Session, view: View): Command[] {
  const { local } = session;
  return [
    { key: "m", text: texts.commandMicrophone, run: () => void local.setMicrophone(!local.microphoneOn.value) },
    { key: "v", text: texts.commandCamera, run: () => void local.setCamera(local.camera.value === undefined) },
    { key: "s", text: texts.commandShare, run: () => void local.setScreen(local.screen.value === undefined) },
    { key: "p", text: texts.commandPeople, run: () => view.togglePanel("people") },
    { key: "i", text: texts.commandSecurity, run: () => view.togglePanel("security") },
    { key: "l", withControlShift: true, text: texts.commandLeave, run: () => void session.leave() },
  ];
}

/** Runs commands by their keys, except while the person types. Returns what stops it. */
export function listenForCommands(commands: readonly Command[]): () => void {
  const pressed = (event: KeyboardEvent): void => {
    if (event.repeat || event.defaultPrevented || isTyping(event.target) || event.altKey || event.metaKey) return;
    const withControlShift = event.ctrlKey && event.shiftKey;
    if (event.ctrlKey && !event.shiftKey) return;
    const key = event.key.toLowerCase();
    const command = commands.find((each) => each.key === key && (each.withControlShift ?? false) === withControlShift);
    if (command === undefined) return;
    event.preventDefault();
    command.run();
  };
  document.addEventListener("keydown", pressed);
  return () => document.removeEventListener("keydown", pressed);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}
