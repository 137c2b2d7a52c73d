import { equalBytes, hex, type Bytes } from "../bytes.ts";
import type { Origin } from "./statement.ts";

/** A verified object, as far as later ones are compared with it. */
export interface Appearance {
  readonly id: string;
  readonly revision: number;
  readonly identityKey: Bytes;
  /** Whether the kind is one that is told once and not kept. */
  readonly passing: boolean;
}

/** So many places are remembered; a meeting's content has fewer (MAX_CHANGES of the appliance). */
const MOST = 100_000;

/** Which objects were opened: none comes again as another, older, or as somebody else's. */
export class Seen {
  /** By where they were sealed. */
  readonly #origins = new Map<string, string>();
  /** By id. */
  readonly #objects = new Map<string, Appearance>();

  /** Takes note of an object, unless it is not to be shown. */
  take(origin: Origin, appearance: Appearance): "replayed" | "wrong-sender" | undefined {
    const { id, revision, identityKey, passing } = appearance;
    const place = `${hex(origin.groupId)} ${origin.epoch} ${origin.leaf} ${origin.counter}`;
    const here = this.#origins.get(place);
    if (here !== undefined && (passing || here !== `${id} ${revision}`)) return "replayed";
    const before = this.#objects.get(id);
    if (before !== undefined && !equalBytes(before.identityKey, identityKey)) return "wrong-sender";
    if (before !== undefined && revision < before.revision) return "replayed";
    keep(this.#origins, place, `${id} ${revision}`);
    keep(this.#objects, id, appearance);
    return undefined;
  }
}

function keep<T>(known: Map<string, T>, name: string, value: T): void {
  known.set(name, value);
  const [oldest] = known.keys();
  if (known.size > MOST && oldest !== undefined) known.delete(oldest);
}
