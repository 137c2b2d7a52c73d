import { equalBytes, hex, type Bytes } from "../bytes.ts";
import type { Origin } from "./statement.ts";

/** A verified object, as far as later ones are compared with it. */
export interface Appearance {
  readonly id: string;
  readonly revision: number;
  readonly identityKey: Bytes;
}

/** An object of a kind that is told once and not kept. */
export interface Passing {
  readonly participantId: string;
  readonly kind: number;
  /** Which of the epochs that this page was in it was sealed in, from 0. */
  readonly stay: number;
  readonly counter: bigint;
}

/** So many places are remembered; a meeting's content has fewer (MAX_CHANGES of the appliance). */
const MOST = 100_000;

/** Which objects were opened: none comes again as another, older, or as somebody else's. */
export class Seen {
  /** By where they were sealed. */
  readonly #origins = new Map<string, string>();
  /** By id. */
  readonly #objects = new Map<string, Appearance>();
  /** By participant and kind: the newest that passed. */
  readonly #passed = new Map<string, Passing>();

  /** Takes note of an object, unless it is not to be shown. */
  take(origin: Origin, appearance: Appearance): "replayed" | "wrong-sender" | undefined {
    const { id, revision, identityKey } = appearance;
    const place = `${hex(origin.groupId)} ${origin.epoch} ${origin.leaf} ${origin.counter}`;
    const here = this.#origins.get(place);
    if (here !== undefined && here !== `${id} ${revision}`) return "replayed";
    const before = this.#objects.get(id);
    if (before !== undefined && !equalBytes(before.identityKey, identityKey)) return "wrong-sender";
    if (before !== undefined && revision < before.revision) return "replayed";
    keep(this.#origins, place, `${id} ${revision}`);
    keep(this.#objects, id, appearance);
    return undefined;
  }

  /** Takes note of an object that passes, unless one that its author sealed later, or the same, has passed before. */
  pass(passing: Passing): "replayed" | undefined {
    const name = `${passing.participantId} ${passing.kind}`;
    const latest = this.#passed.get(name);
    if (latest !== undefined && !isLater(passing, latest)) return "replayed";
    this.#passed.set(name, passing);
    return undefined;
  }
}

function isLater(one: Passing, other: Passing): boolean {
  return one.stay > other.stay || (one.stay === other.stay && one.counter > other.counter);
}

function keep<T>(known: Map<string, T>, name: string, value: T): void {
  known.set(name, value);
  const [oldest] = known.keys();
  if (known.size > MOST && oldest !== undefined) known.delete(oldest);
}
