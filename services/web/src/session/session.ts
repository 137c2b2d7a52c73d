import { computed, signal } from "@preact/signals";

import { openIdentityStore } from "../crypto/identity/database.ts";
import { EndReason, WaitReason, type Participant } from "../gen/conclave/v1/meetings_pb.js";
import { Role, type Room } from "../gen/conclave/v1/rooms_pb.js";
import {
  ErrorCode,
  type Joined,
  type ServerMessage,
  type Slot,
  type Waiting,
  type Welcome,
} from "../gen/conclave/v1/signalling_pb.js";
import { expect } from "../protocol/answers.ts";
import { Connection, type Credential, type Invitation } from "../protocol/connection.ts";
import { ConnectionLost, isFinal, SignallingError } from "../protocol/errors.ts";
import type { Clock, OpenSocket } from "../protocol/ports.ts";
import { afterEvent, nameOf, participantOf, rosterFrom, startTimeOf, withHands, withSlots, type Roster } from "../protocol/roster.ts";
import { ignoreFailure } from "./content/channel.ts";
import { Content } from "./content/content.ts";
import { canEncrypt, Protection, type Obstacle } from "./group/protection.ts";
import { withProvenNames } from "./group/names.ts";
import { Hosting } from "./hosting.ts";
import type { LinkWatch } from "./linkwatch.ts";
import type { LocalMedia } from "./local.ts";
import type { MediaLink } from "./medialink.ts";
import { MeetingMedia } from "./meetingmedia.ts";
import type { Sources } from "./sources.ts";
import { keepLeave } from "./unsaid.ts";

/** Where the person is. */
export type Phase = "arriving" | "joining" | "waiting" | "meeting" | "left" | "ended" | "refused";

/** What this client says that it can. */
export const CAPABILITIES: readonly string[] = ["slots", "lobby", ...(canEncrypt() ? ["end-to-end"] : [])];
/** How long leaving waits for the appliance to hear of it. */
const LEAVE_MS = 500;

/** One person's visit to one meeting, from opening the link to the page that says it is over. */
export class Session {
  readonly phase = signal<Phase>("arriving");
  /** Whether signalling works at the moment. */
  readonly online = signal(false);
  readonly room = signal<Room | undefined>(undefined);
  readonly role = signal<Role | undefined>(undefined);
  /** The name that a personal invite fixes; empty when the person chooses one. */
  readonly fixedName = signal("");
  /** What the person waits for while waiting. */
  readonly waitReason = signal<WaitReason>(WaitReason.UNSPECIFIED);
  /** The meeting as the appliance tells it; in an end-to-end room names and hands are what its people have proved. */
  readonly roster = computed(() => this.#told.value && this.#proved(this.#told.value));
  /** Why the appliance refused, or why joining failed. */
  readonly problem = signal<SignallingError | undefined>(undefined);
  /** Why this client cannot be in the end-to-end meeting. */
  readonly obstacle = signal<Obstacle | undefined>(undefined);
  readonly endReason = signal<EndReason>(EndReason.UNSPECIFIED);
  readonly invitation: Invitation;
  readonly local: LocalMedia;
  readonly sources: Sources;
  readonly media: MediaLink;
  readonly hosting: Hosting;
  readonly link: LinkWatch;
  readonly protection: Protection;
  readonly content: Content;

  /** The participant that this client is. */
  readonly self = computed<Participant | undefined>(
    () => this.roster.value && participantOf(this.roster.value, this.roster.value.selfId),
  );
  readonly isHost = computed(() => this.self.value?.role === Role.HOST);

  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #media: MeetingMedia;
  readonly #told = signal<Roster | undefined>(undefined);
  #resumeToken: string | undefined;
  #displayName = "";

  /** startWorker: starts the one that holds an end-to-end meeting's keys. */
  constructor(invitation: Invitation, openSocket: OpenSocket, clock: Clock, startWorker: () => Worker) {
    this.invitation = invitation;
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
    const request = this.#connection.request.bind(this.#connection);
    this.#media = new MeetingMedia(
      {
        request,
        isOn: () => this.#inMeeting,
        isReachable: () => this.#connection.state === "open",
        check: () => this.#connection.check(),
        maxParticipants: () => this.room.peek()?.maxParticipants ?? Number.POSITIVE_INFINITY,
        slotsKnown: (slots) => this.#slotsKnown(slots),
        guard: () => this.protection.guard(),
      },
      clock,
    );
    this.local = this.#media.local;
    this.sources = this.#media.sources;
    this.media = this.#media.transport;
    this.link = this.#media.watch;
    this.protection = new Protection({
      request,
      clock,
      room: this.room,
      roster: this.#told,
      peer: this.media.peer,
      openStore: openIdentityStore,
      startWorker,
      renewMedia: () => void this.media.renew(),
      obstructed: (obstacle) => this.#obstructed(obstacle),
    });
    this.content = new Content(request, clock, this.protection, this.#told);
    this.hosting = new Hosting(request, this.content.hands);
  }

  get #inMeeting(): boolean {
    return this.phase.value === "meeting";
  }

  /** Connects, and opens microphone and camera for the preview. */
  start(): void {
    this.#connection.open();
    this.local.start();
  }

  /** The network may have changed, or the machine slept: finds out at once what still stands, and mends the rest. */
  networkChanged(): void {
    this.#connection.check();
    this.media.check();
  }

  async join(displayName: string): Promise<void> {
    if (this.phase.value !== "arriving") return;
    this.phase.value = "joining";
    this.problem.value = undefined;
    this.#displayName = displayName;
    if (this.online.value) await this.#enter();
  }

  /** Raises or lowers the person's own hand. */
  async setHand(raised: boolean): Promise<void> {
    if (!this.#inMeeting) return;
    // Who is offline sees that; the hand stays as the others see it.
    await this.content.hands.set(raised).catch(ignoreFailure);
  }

  /** Leaves the meeting, or stops waiting for it. */
  async leave(): Promise<void> {
    if (!this.#inMeeting && this.phase.value !== "waiting") return;
    this.phase.value = "left";
    this.content.close();
    const told = this.#connection.request({ case: "leave", value: {} }).catch(() => undefined);
    await Promise.race([told, new Promise<void>((resolve) => this.#clock.after(LEAVE_MS, resolve))]);
    this.#end();
  }

  /** The page goes away: says so without waiting. */
  leaveAtOnce(): void {
    if (this.#inMeeting || this.phase.value === "waiting") {
      if (this.#resumeToken !== undefined) keepLeave(this.#resumeToken);
      void this.#connection.request({ case: "leave", value: {} }).catch(() => undefined);
    }
    this.#close();
  }

  #credential(): Credential {
    return this.#resumeToken === undefined ? this.invitation : { case: "resumeToken", value: this.#resumeToken };
  }

  #opened(welcome: Welcome): void {
    if (this.phase.value === "left") return;
    this.online.value = true;
    if (welcome.room !== undefined) this.room.value = welcome.room;
    this.role.value = welcome.role;
    if (welcome.resumed !== undefined) {
      this.#entered(welcome.resumed, true);
    } else if (welcome.waiting !== undefined) {
      this.#waits(welcome.waiting);
    } else {
      this.fixedName.value = welcome.displayName;
      if (this.phase.value !== "arriving") void this.#enter();
    }
  }

  async #enter(): Promise<void> {
    try {
      const identityKey = await this.protection.identityKey();
      const request = { case: "join", value: { displayName: this.#displayName, identityKey } } as const;
      const answer = expect(await this.#connection.request(request), "joined", "waiting");
      if (this.phase.value === "left") return;
      if (answer.case === "joined") this.#entered(answer.value, false);
      else this.#waits(answer.value);
    } catch (error) {
      if (error instanceof ConnectionLost) return; // `opened` enters again.
      if (!(error instanceof SignallingError)) throw error;
      if (error.code === ErrorCode.UNAVAILABLE) {
        this.#clock.after(1000, () => void (this.online.value && this.#enter()));
      } else if (this.phase.value !== "joining" || isFinal(error.code)) {
        this.#refused(error);
      } else {
        this.problem.value = error;
        this.phase.value = "arriving";
      }
    }
  }

  #waits(waiting: Waiting): void {
    if (waiting.resumeToken !== "") this.#resumeToken = waiting.resumeToken;
    this.waitReason.value = waiting.reason;
    this.phase.value = "waiting";
  }

  #entered(joined: Joined, resumed: boolean): void {
    if (joined.resumeToken !== "") this.#resumeToken = joined.resumeToken;
    const goesOn = resumed && this.#inMeeting;
    const known = goesOn ? this.#told.value?.startTimeMs : undefined;
    this.#told.value = rosterFrom(joined, known ?? startTimeOf(joined, Date.now()));
    this.phase.value = "meeting";
    void this.protection.entered(joined, goesOn);
    this.content.entered(this.room.value?.name ?? "", !resumed);
    this.#media.entered(joined, goesOn ? this.self.value : undefined);
  }

  #event(body: ServerMessage["body"]): void {
    if (this.phase.value === "left") return;
    switch (body.case) {
      case "joined":
        return this.#entered(body.value, false);
      case "waiting":
        return this.#waits(body.value);
      case "layersWanted":
        return this.media.wanted(body.value);
      case "mediaLost":
        return void this.media.renew();
      case "muteRequested":
        return this.sources.muted(this.roster.value ? nameOf(this.roster.value, body.value.participantId) : "");
      case "roomChanged":
        this.room.value = body.value;
        return;
      case "meetingEnded":
        this.endReason.value = body.value.reason;
        this.phase.value = "ended";
        return this.#end();
      default:
        if (this.#told.value !== undefined) this.#told.value = afterEvent(this.#told.value, body);
        this.protection.event(body);
        this.content.event(body);
    }
  }

  #proved(told: Roster): Roster {
    if (!this.protection.isOn.value) return told;
    return withHands(withProvenNames(told, this.protection.members.value), this.content.hands.raised.value);
  }

  #refused(error: SignallingError): void {
    this.problem.value = error;
    this.phase.value = "refused";
    this.#end();
  }

  #obstructed(obstacle: Obstacle): void {
    this.obstacle.value = obstacle;
    this.content.close();
    this.protection.end();
    this.leaveAtOnce();
    this.phase.value = "refused";
  }

  #slotsKnown(slots: readonly Slot[]): void {
    if (this.#told.value === undefined) return;
    // A new transport has new slots: what was known of the old ones is void.
    this.#told.value = withSlots({ ...this.#told.value, slots: new Map() }, slots);
  }

  /** It is over, and the keys are erased. Who only loads the page anew needs them again. */
  #end(): void {
    this.content.close();
    this.protection.end();
    this.#close();
  }

  #close(): void {
    this.#connection.close();
    this.protection.close();
    this.#media.close();
    this.online.value = false;
  }
}
