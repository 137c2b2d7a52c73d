import { signal } from "@preact/signals";

import { ErrorCode, type Answer, type LayersWanted, type Slot } from "../gen/conclave/v1/signalling_pb.js";
import type { FrameGuard } from "../media/frameguard.ts";
import { Loudspeaker } from "../media/loudspeaker.ts";
import { Peer, SENT_KINDS, type LocalOffer, type SentKind } from "../media/peer.ts";
import { waitBeforeAttempt } from "../protocol/backoff.ts";
import { SignallingError } from "../protocol/errors.ts";
import type { Clock } from "../protocol/ports.ts";
import { assignSlots, changedAssignments, type Assignment, type Wish } from "../protocol/slots.ts";
import { affordable, type Receiving } from "./bandwidth.ts";

/** How long a transport may be interrupted before ICE is restarted, and how long that may take. */
const DISCONNECTED_MS = 3000;
const CONNECTING_MS = 8000;
/** How long a transport that is in doubt may stay silent: the appliance reports what it receives every second. */
const SILENCE_MS = 1500;
const LAYOUT_DEBOUNCE_MS = 100;

/** What the media needs from signalling. Both reject when there is no connection or the appliance says no. */
export interface MediaSignalling {
  isOpen(): boolean;
  /** Finds out at once whether signalling still stands. */
  check(): void;
  offer(offer: LocalOffer, iceRestart: boolean): Promise<Answer>;
  setSlots(assignments: readonly Assignment[]): Promise<unknown>;
}

export type MediaState = "new" | "connecting" | "connected" | "interrupted" | "refused";

/**
 * The client's media transport: makes it, makes it again when it is lost, and keeps its slots at what the layout wants.
 */
export class MediaLink {
  readonly state = signal<MediaState>("new");
  /** The transport in use, never a closed one; tiles take their tracks from it. */
  readonly peer = signal<Peer | undefined>(undefined);
  readonly loudspeaker = new Loudspeaker();

  readonly #signalling: MediaSignalling;
  readonly #clock: Clock;
  readonly #trackOf: (kind: SentKind) => MediaStreamTrack | null;
  readonly #slotsKnown: (slots: readonly Slot[]) => void;
  readonly #videoSlots: () => number;
  readonly #guard: () => FrameGuard | undefined;

  #negotiated = false;
  #attempt = 0;
  #restarting = false;
  #receiving: Receiving = "all";
  #iceServers: RTCIceServer[] = [];
  #wishes: readonly Wish[] = [];
  #told = new Map<string, Assignment>();
  #cancelRecovery: () => void = () => undefined;
  #cancelLayout: (() => void) | undefined;

  constructor(
    signalling: MediaSignalling,
    clock: Clock,
    trackOf: (kind: SentKind) => MediaStreamTrack | null,
    slotsKnown: (slots: readonly Slot[]) => void,
    videoSlots: () => number,
    guard: () => FrameGuard | undefined,
  ) {
    this.#signalling = signalling;
    this.#clock = clock;
    this.#trackOf = trackOf;
    this.#slotsKnown = slotsKnown;
    this.#videoSlots = videoSlots;
    this.#guard = guard;
  }

  /** Signalling is open (again): makes what is missing and repeats what may not have arrived. */
  signallingOpened(transportStands: boolean): void {
    if (!transportStands || !this.#negotiated || this.peer.value?.state === "failed") {
      this.#attempt = 0;
      void this.renew();
    } else {
      this.#told.clear();
      this.#tellWishes();
      this.check();
    }
  }

  /** Restarts ICE unless the transport is heard: the network may have changed, which it learns of by itself only later. */
  check(): void {
    const peer = this.peer.value;
    if (peer === undefined || !this.#negotiated || !this.#signalling.isOpen()) return;
    if (peer.state !== "connected") {
      void this.#restartIce(peer);
      return;
    }
    void this.#restartWhenSilent(peer);
  }

  async #restartWhenSilent(peer: Peer): Promise<void> {
    const silent = await this.#isSilent(peer);
    if (silent && this.peer.value === peer) await this.#restartIce(peer);
  }

  async #isSilent(peer: Peer): Promise<boolean> {
    const before = (await peer.sample()).heard;
    await new Promise<void>((resolve) => this.#clock.after(SILENCE_MS, resolve));
    return this.peer.value === peer && (await peer.sample()).heard <= before;
  }

  /** Makes a new transport in place of the one there is. */
  async renew(): Promise<void> {
    this.#cancelRecovery();
    this.peer.value?.close();
    this.peer.value = undefined; // Nobody may use it again: a closed connection throws.
    this.#negotiated = false;
    this.state.value = this.state.value === "new" ? "connecting" : "interrupted";
    if (!this.#signalling.isOpen()) return; // signallingOpened comes back to it.
    const changed = (state: RTCPeerConnectionState): void => this.#stateChanged(peer, state);
    const peer = new Peer(this.#videoSlots(), this.#iceServers, changed, this.#guard());
    this.peer.value = peer;
    await this.#negotiate(peer, false);
  }

  /** Sends a track in place of what the source sent before. */
  async send(kind: SentKind, track: MediaStreamTrack | null): Promise<void> {
    await this.peer.value?.send(kind, track);
  }

  /** Somebody looks at these layers of a picture that is sent, and at no others. All can decode the codec. */
  wanted({ kind, layers, codec }: LayersWanted): void {
    this.peer.value?.want(kind, layers, codec).catch((error: unknown) => {
      // Of a transport that is gone. Another one sends all until it is told.
      console.warn("the wanted layers could not be set:", String(error));
    });
  }

  /** Through which relay media may go, from now on. */
  useServers(servers: RTCIceServer[]): void {
    this.#iceServers = servers;
    this.peer.value?.useServers(servers);
  }

  /** Says what pictures the layout wants, most wanted first. */
  setWishes(wishes: readonly Wish[]): void {
    this.#wishes = wishes;
    this.#cancelLayout ??= this.#clock.after(LAYOUT_DEBOUNCE_MS, () => {
      this.#cancelLayout = undefined;
      this.#tellWishes();
    });
  }

  /** Limits the pictures that are asked for. */
  limitReceiving(receiving: Receiving): void {
    if (this.#receiving === receiving) return;
    this.#receiving = receiving;
    this.setWishes(this.#wishes);
  }

  close(): void {
    this.#cancelRecovery();
    this.#cancelLayout?.();
    this.peer.value?.close();
    this.peer.value = undefined;
    this.loudspeaker.stop();
  }

  async #negotiate(peer: Peer, iceRestart: boolean): Promise<void> {
    try {
      await Promise.all(SENT_KINDS.map((kind) => peer.send(kind, this.#trackOf(kind))));
      const offer = await peer.offer(iceRestart);
      const answer = await this.#signalling.offer(offer, iceRestart);
      if (this.peer.value !== peer) return;
      // At once: while the browser works on the answer, events may already tell of changed slots.
      this.#slotsKnown(answer.slots);
      await peer.accept(answer.sdp);
      this.#negotiated = true;
      if (!iceRestart) this.loudspeaker.play(peer.audioTracks);
      this.#told.clear();
      this.#tellWishes();
      this.#recoverAfter(CONNECTING_MS, () => void this.renew());
    } catch (error) {
      if (this.peer.value === peer) this.#negotiationFailed(error, iceRestart);
    }
  }

  #negotiationFailed(error: unknown, iceRestart: boolean): void {
    if (!this.#signalling.isOpen()) return; // signallingOpened comes back to it.
    const code = error instanceof SignallingError ? error.code : undefined;
    if (code === ErrorCode.SDP_INVALID && !iceRestart) {
      this.state.value = "refused"; // The same browser would offer the same again.
      console.error("the appliance refused the offer:", error);
      return;
    }
    console.warn("media could not be negotiated, trying again:", String(error));
    this.#attempt += 1;
    this.#recoverAfter(waitBeforeAttempt(this.#attempt, this.#clock.random()), () => void this.renew());
  }

  #stateChanged(peer: Peer, state: RTCPeerConnectionState): void {
    if (this.peer.value !== peer) return;
    if (state === "connected") {
      this.#cancelRecovery();
      this.#attempt = 0;
      this.state.value = "connected";
    } else if (state === "disconnected") {
      this.state.value = "interrupted";
      this.#signalling.check(); // Whatever broke the one may have broken the other.
      this.#recoverAfter(DISCONNECTED_MS, () => void this.#restartIce(peer));
    } else if (state === "failed") {
      void this.renew();
    }
  }

  async #restartIce(peer: Peer): Promise<void> {
    if (!this.#signalling.isOpen() || this.#restarting) return;
    this.#restarting = true;
    await this.#negotiate(peer, true);
    this.#restarting = false;
  }

  #recoverAfter(ms: number, recover: () => void): void {
    this.#cancelRecovery();
    if (this.peer.value?.state === "connected") return;
    this.#cancelRecovery = this.#clock.after(ms, recover);
  }

  #tellWishes(): void {
    const peer = this.peer.value;
    if (peer === undefined || !this.#negotiated || !this.#signalling.isOpen()) return;
    const wishes = affordable(this.#wishes, this.#receiving);
    const changed = changedAssignments(assignSlots(peer.videoMids, wishes, this.#told), this.#told);
    if (changed.length === 0) return;
    for (const assignment of changed) this.#told.set(assignment.mid, assignment);
    this.#signalling.setSlots(changed).catch(() => {
      // Most likely a source that went away meanwhile: the next layout tells these slots again.
      for (const assignment of changed) this.#told.delete(assignment.mid);
    });
  }
}
