import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { texts } from "../i18n/index.ts";
import type { Session } from "../session/session.ts";
import type { Hidden } from "./hidden.ts";
import { Icon } from "./icons.tsx";
import { useLasting } from "./lasting.ts";
import { clockTime } from "./time.ts";

/** Switches of slots and of epochs stop a frame or two, which nobody needs to know of. */
const NOTICEABLE_MS = 1_000;
const ASK_AGAIN_MS = 5_000;

interface UndecryptedProps {
  readonly session: Session;
  readonly name: string;
  readonly hidden: Hidden;
  readonly onPicture: boolean;
}

/** Says in words why a tile shows no picture though there is one. */
export function Undecrypted({ session, name, hidden, onPicture }: UndecryptedProps): JSX.Element | null {
  const shown = useLasting(true, NOTICEABLE_MS);
  const askedMs = useSignal<number | undefined>(undefined);
  const waits = "waits" in hidden;
  const askAgain = (): void => {
    askedMs.value = Date.now();
    session.protection.askAgain();
  };
  useEffect(() => {
    if (!waits) return undefined;
    const timer = setInterval(askAgain, ASK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [waits]);
  if (!shown) return null;
  return (
    <div class={onPicture ? "tile-state on-picture" : "tile-state"}>
      <span class="tile-state-icon">
        <Icon name={waits ? "key" : "broken"} size="l" />
      </span>
      <h2>{waits ? texts.waitingForKey : texts.cantDecrypt}</h2>
      <p>{askedMs.value !== undefined && waits ? texts.stillWaiting(clockTime(askedMs.value)) : sentence(hidden, name)}</p>
      {!waits && (
        <button type="button" class="button small outline" onClick={askAgain}>
          {texts.askAgain}
        </button>
      )}
    </div>
  );
}

function sentence(hidden: Hidden, name: string): string {
  if ("waits" in hidden) return hidden.waits === "justJoined" ? texts.justJoined(name) : texts.keysChanging;
  switch (hidden.why) {
    case "stale-epoch":
      return texts.olderKey(name);
    case "not-a-member":
      return texts.notInGroup;
    case "wrong-source":
      return texts.otherSource(name);
    case "replayed":
      return texts.sentBefore;
    default:
      return texts.changedOnTheWay;
  }
}
