import { computed, signal } from "@preact/signals";

import { EndReason, type Participant } from "../gen/conclave/v1/meetings_pb.js";
import { Role, type Room } from "../gen/conclave/v1/rooms_pb.js";
import {
  ErrorCode,
  type Answer,
  type Joined,
  type ServerMessage,
  type Slot,
  type Welcome,
} from "../gen/conclave/v1/signalling_pb.js";
import { SENT_KINDS, type SentKind } from "../media/peer.ts";
import { Connection, type Credential } from "../protocol/connection.ts";
import { ConnectionLost, SignallingError } from "../protocol/errors.ts";
import type { Clock, OpenSocket } from "../protocol/ports.ts";
import { afterEvent, rosterFrom, withSlots, type Roster } from "../protocol/roster.ts";
import { Hosting } from "./hosting.ts";
import { LocalMedia } from "./local.ts";
import { MediaLink } from "./medialink.ts";

/** Where the person is. */
export type Phase = "arriving" | "joining" | "meeting" | "left" | "ended" | "refused";

const CAPABILITIES = ["slots"];
/** How long leaving waits for the appliance to hear of it. */
const LEAVE_MS = 500;

/** One person's visit to one meeting, from opening the link to the page that says it is over. */
export class Session {
  readonly phase = signal<Phase>("arriving");
  /** Whether signalling works at the moment. */
  readonly online = signal(false);
  readonly room = signal<Room | undefined>(undefined);
  readonly role = signal<Role | undefined>(undefined);
  readonly roster = signal<Roster | undefined>(undefined);
  /** Why the appliance refused, or why joining failed. */
  readonly problem = signal<SignallingError | undefined>(undefined);
  readonly endReason = signal<EndReason>(EndReason.UNSPECIFIED);
  readonly local: LocalMedia;
  readonly media: MediaLink;
  readonly hosting = new Hosting((body) => this.#connection.request(body));

  /** The participant that this client is. */
  readonly self = computed<Participant | undefined>(() =>
    this.roster.value?.participants.find((participant) => participant.id === this.roster.value?.selfId),
  );

  readonly isHost = computed(() => this.self.value?.role === Role.HOST);

  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #inviteToken: string;
  #resumeToken: string | undefined;
  #displayName = "";

  constructor(inviteToken: string, openSocket: OpenSocket, clock: Clock) {
    this.#inviteToken = inviteToken;
    this.#clock = clock;
    this.#connection = new Connection(
      openSocket,
      clock,
      {
        credential: () => this.#credential(),
        opened: (welcome) => this.#opened(welcome),
        lost: () => {
          this.online.value = false;
        },
        event: (body) => this.#event(body),
        sessionLost: () => {
          this.#resumeToken = undefined; // Whoever was in the meeting comes in again, as somebody new.
        },
        refused: (error) => this.#refused(error),
      },
      CAPABILITIES,
    );
    this.local = new LocalMedia((kind, track) => this.#trackChanged(kind, track));
    this.media = new MediaLink(
      {
        isOpen: () => this.#inMeeting && this.#connection.state === "open",
        offer: async (offer, iceRestart) => {
          const body = { sdp: offer.sdp, sources: offer.sources.map((source) => ({ ...source })), iceRestart };
          return expect(await this.#connection.request({ case: "offer", value: body }), "answer");
        },
        setSlots: (assignments) =>
          this.#connection.request({ case: "setSlots", value: { slots: assignments.map((slot) => ({ ...slot })) } }),
      },
      clock,
      (kind) => this.local.trackOf(kind),
      (slots) => this.#slotsKnown(slots),
    );
  }

  get #inMeeting(): boolean {
    return this.phase.value === "meeting";
  }

  /** Connects, and opens microphone and camera for the preview. */
  start(): void {
    this.#connection.open();
    void this.local.setMicrophone(true);
    void this.local.setCamera(true);
  }

  /** The network is said to be back. */
  networkReturned(): void {
    this.#connection.retryNow();
  }

  async join(displayName: string): Promise<void> {
    if (this.phase.value !== "arriving") return;
    this.phase.value = "joining";
    this.problem.value = undefined;
    this.#displayName = displayName;
    if (this.online.value) await this.#enter();
  }

  async leave(): Promise<void> {
    if (!this.#inMeeting) return;
    this.phase.value = "left";
    const told = this.#connection.request({ case: "leave", value: {} }).catch(() => undefined);
    await Promise.race([told, new Promise<void>((resolve) => this.#clock.after(LEAVE_MS, resolve))]);
    this.#close();
  }

  /** The page goes away: says so without waiting. */
  leaveAtOnce(): void {
    if (this.#inMeeting) void this.#connection.request({ case: "leave", value: {} }).catch(() => undefined);
    this.#close();
  }

  #credential(): Credential {
    return this.#resumeToken === undefined
      ? { case: "inviteToken", value: this.#inviteToken }
      : { case: "resumeToken", value: this.#resumeToken };
  }

  #opened(welcome: Welcome): void {
    this.online.value = true;
    if (welcome.room !== undefined) this.room.value = welcome.room;
    this.role.value = welcome.role;
    if (welcome.resumed !== undefined) this.#entered(welcome.resumed);
    else if (this.phase.value === "joining" || this.phase.value === "meeting") void this.#enter();
  }

  async #enter(): Promise<void> {
    try {
      const answer = await this.#connection.request({ case: "join", value: { displayName: this.#displayName } });
      this.#entered(expect(answer, "joined"));
    } catch (error) {
      if (error instanceof ConnectionLost) return; // `opened` enters again.
      if (!(error instanceof SignallingError)) throw error;
      if (error.code === ErrorCode.UNAVAILABLE) {
        this.#clock.after(1000, () => void (this.online.value && this.#enter()));
      } else if (this.phase.value === "meeting" || error.code === ErrorCode.ROOM_FULL) {
        this.#refused(error);
      } else {
        this.problem.value = error;
        this.phase.value = "arriving";
      }
    }
  }

  #entered(joined: Joined): void {
    if (this.phase.value !== "joining" && this.phase.value !== "meeting") return;
    if (joined.resumeToken !== "") this.#resumeToken = joined.resumeToken;
    this.roster.value = rosterFrom(joined);
    this.phase.value = "meeting";
    this.#tellSources(SENT_KINDS);
    this.media.signallingOpened(joined.mediaConnected);
  }

  #event(body: ServerMessage["body"]): void {
    if (body.case === "mediaLost") {
      void this.media.renew();
    } else if (body.case === "meetingEnded") {
      this.endReason.value = body.value.reason;
      this.phase.value = "ended";
      this.#close();
    } else if (this.roster.value !== undefined) {
      this.roster.value = afterEvent(this.roster.value, body);
    }
  }

  #refused(error: SignallingError): void {
    this.problem.value = error;
    this.phase.value = "refused";
    this.#close();
  }

  #slotsKnown(slots: readonly Slot[]): void {
    if (this.roster.value === undefined) return;
    // A new transport has new slots: what was known of the old ones is void.
    this.roster.value = withSlots({ ...this.roster.value, slots: new Map() }, slots);
  }

  #trackChanged(kind: SentKind, track: MediaStreamTrack | null): void {
    void this.media.send(kind, track);
    if (this.#inMeeting) this.#tellSources([kind]);
  }

  #tellSources(kinds: readonly SentKind[]): void {
    const sources = kinds.map((kind) => ({ kind, active: this.local.trackOf(kind) !== null }));
    // A lost connection repeats them all when it is back.
    this.#connection.request({ case: "setSources", value: { sources } }).catch((error: unknown) => {
      if (!(error instanceof ConnectionLost)) console.error("the sources could not be set:", error);
    });
  }

  #close(): void {
    this.#connection.close();
    this.media.close();
    this.local.close();
    this.online.value = false;
  }
}

type Body = ServerMessage["body"];
interface Answers {
  readonly joined: Joined;
  readonly answer: Answer;
}

/** The answer's value, when it is the one that belongs to the request. */
function expect<C extends keyof Answers>(body: Body, wanted: C): Answers[C] {
  if (!isAnswer(body, wanted)) throw new SignallingError(ErrorCode.INTERNAL, `expected ${wanted}, got ${body.case}`);
  return body.value;
}

function isAnswer<C extends keyof Answers>(body: Body, wanted: C): body is Body & { case: C; value: Answers[C] } {
  return body.case === wanted;
}
