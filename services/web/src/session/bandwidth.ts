import type { LinkFigures } from "../media/linkstatistics.ts";
import type { Wish } from "../protocol/slots.ts";

/** Which pictures a client asks for: all, all but small ones, or one small one. */
export type Receiving = "all" | "small" | "one";

/** What is given up so that voices get through. */
export interface Austerity {
  readonly cameraPaused: boolean;
  readonly receiving: Receiving;
  /** For how long the way up, and the way down, have been too bad or well, milliseconds. */
  readonly upBadMs: number;
  readonly upWellMs: number;
  readonly downBadMs: number;
  readonly downWellMs: number;
  /** How long it must go well before the camera returns, and before more pictures are asked for. */
  readonly cameraReturnsMs: number;
  readonly picturesReturnMs: number;
  /** For how long the person wants the camera sent whatever happens. */
  readonly insistedMs: number;
}

const BAD_MS = 6_000;
const FIRST_RETURN_MS = 10_000;
const LONGEST_RETURN_MS = 120_000;
const INSISTED_MS = 60_000;
const SMALL_HEIGHT = 180;
/** Less than this and the smallest picture leaves no room for the voice, bits a second. */
const LEAST_FOR_A_CAMERA = 80_000;

export const NO_AUSTERITY: Austerity = {
  cameraPaused: false,
  receiving: "all",
  upBadMs: 0,
  upWellMs: 0,
  downBadMs: 0,
  downWellMs: 0,
  cameraReturnsMs: FIRST_RETURN_MS,
  picturesReturnMs: FIRST_RETURN_MS,
  insistedMs: 0,
};

/** What to give up after one more reading, `elapsedMs` after the one before. */
export function afterFigures(before: Austerity, figures: LinkFigures, elapsedMs: number, cameraOn: boolean): Austerity {
  const upBad = isUpBad(figures);
  const downBad = isDownBad(figures);
  const counted = {
    ...before,
    upBadMs: upBad ? before.upBadMs + elapsedMs : 0,
    upWellMs: upBad ? 0 : before.upWellMs + elapsedMs,
    downBadMs: downBad ? before.downBadMs + elapsedMs : 0,
    downWellMs: downBad ? 0 : before.downWellMs + elapsedMs,
    insistedMs: Math.max(0, before.insistedMs - elapsedMs),
  };
  return withReceiving(withCamera(counted, cameraOn));
}

/** The person wants the camera sent all the same. */
export function insisting(before: Austerity): Austerity {
  return { ...before, cameraPaused: false, upBadMs: 0, upWellMs: 0, insistedMs: INSISTED_MS };
}

/** The pictures to ask for, of those that the layout wants, most wanted first. */
export function affordable(wishes: readonly Wish[], receiving: Receiving): readonly Wish[] {
  if (receiving === "all") return wishes;
  const small = wishes.map((wish) => ({ ...wish, maxHeight: Math.min(wish.maxHeight, SMALL_HEIGHT) }));
  return receiving === "small" ? small : small.slice(0, 1);
}

function withCamera(state: Austerity, cameraOn: boolean): Austerity {
  if (!state.cameraPaused) {
    const pause = cameraOn && state.insistedMs === 0 && state.upBadMs >= BAD_MS;
    // A camera that stayed for long has shown that the connection carries it.
    const cameraReturnsMs = state.upWellMs >= LONGEST_RETURN_MS ? FIRST_RETURN_MS : state.cameraReturnsMs;
    return pause ? { ...state, cameraPaused: true, upWellMs: 0 } : { ...state, cameraReturnsMs };
  }
  if (state.upWellMs < state.cameraReturnsMs) return state;
  return { ...state, cameraPaused: false, upWellMs: 0, cameraReturnsMs: doubled(state.cameraReturnsMs) };
}

function withReceiving(state: Austerity): Austerity {
  if (state.downBadMs >= BAD_MS && state.receiving !== "one") {
    return { ...state, receiving: state.receiving === "all" ? "small" : "one", downBadMs: 0 };
  }
  if (state.receiving === "all") {
    const wellForLong = state.downWellMs >= LONGEST_RETURN_MS;
    return wellForLong ? { ...state, picturesReturnMs: FIRST_RETURN_MS } : state;
  }
  if (state.downWellMs < state.picturesReturnMs) return state;
  const receiving = state.receiving === "one" ? "small" : "all";
  return { ...state, receiving, downWellMs: 0, picturesReturnMs: doubled(state.picturesReturnMs) };
}

function isUpBad({ lossUp, availableOutgoing, roundTripMs = 0 }: LinkFigures): boolean {
  // A full queue lets voices through, late, and no picture: of that the appliance cannot report how much is lost.
  const queueIsFull = roundTripMs >= 700 && lossUp >= 0.02;
  return lossUp >= 0.15 || roundTripMs >= 1500 || queueIsFull || (availableOutgoing ?? Infinity) < LEAST_FOR_A_CAMERA;
}

function isDownBad({ lossDown, jitterMs }: LinkFigures): boolean {
  return lossDown >= 0.12 || jitterMs >= 200;
}

function doubled(ms: number): number {
  return Math.min(LONGEST_RETURN_MS, ms * 2);
}
