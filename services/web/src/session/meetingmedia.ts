import { effect, untracked } from "@preact/signals";

import { SourceKind, type Participant } from "../gen/conclave/v1/meetings_pb.js";
import type { Joined, Slot } from "../gen/conclave/v1/signalling_pb.js";
import { browserDevices } from "../media/devices.ts";
import type { FrameGuard } from "../media/frameguard.ts";
import { SENT_KINDS, videoSlotsFor, type SentKind } from "../media/peer.ts";
import type { Request } from "../protocol/connection.ts";
import type { Clock } from "../protocol/ports.ts";
import { LinkWatch } from "./linkwatch.ts";
import { LocalMedia } from "./local.ts";
import { MediaLink } from "./medialink.ts";
import { mediaSignalling } from "./mediasignalling.ts";
import { QualityReport } from "./qualityreport.ts";
import { RelayAccess } from "./relayaccess.ts";
import { Sources } from "./sources.ts";

/** The meeting that the media is for, as far as media has to know it. */
export interface Meeting {
  readonly request: Request;
  isOn(): boolean;
  /** Whether signalling works at the moment. */
  isReachable(): boolean;
  /** Finds out at once whether signalling still stands. */
  check(): void;
  /** How many people the room takes. */
  maxParticipants(): number;
  slotsKnown(slots: readonly Slot[]): void;
  /** What all frames of a new transport pass; undefined in a room that is not end-to-end. */
  guard(): FrameGuard | undefined;
}

/** What one person sends and receives: devices, sources, transport and the watch over it, tied to one another. */
export class MeetingMedia {
  readonly local: LocalMedia;
  readonly sources: Sources;
  readonly transport: MediaLink;
  readonly watch: LinkWatch;

  readonly #meeting: Meeting;
  readonly #relay: RelayAccess;
  readonly #report: QualityReport;

  constructor(meeting: Meeting, clock: Clock) {
    this.#meeting = meeting;
    this.local = new LocalMedia(browserDevices(), (kind) => this.#trackChanged(kind));
    this.sources = new Sources(meeting.request, {
      trackOf: (kind) => this.#sentTrack(kind),
      microphoneOn: this.local.microphoneOn,
      setMicrophone: (on) => this.local.setMicrophone(on),
    });
    this.transport = new MediaLink(
      mediaSignalling(meeting.request, () => meeting.isOn() && meeting.isReachable(), () => meeting.check()),
      clock,
      (kind) => this.#sentTrack(kind),
      (slots) => meeting.slotsKnown(slots),
      () => videoSlotsFor(meeting.maxParticipants()),
      () => meeting.guard(),
    );
    this.#relay = new RelayAccess(meeting.request, clock, () => location, (servers) => this.transport.useServers(servers));
    this.watch = new LinkWatch(
      {
        sample: async () => {
          const connected = this.transport.state.peek() === "connected";
          return connected ? this.transport.peer.peek()?.sample() : undefined;
        },
        cameraOn: () => this.local.camera.peek() !== undefined,
      },
      clock,
    );
    this.#report = new QualityReport(meeting.request);
    this.#obeyAusterity();
    effect(() => this.local.background.encoderRead(this.watch.figures.value?.limitation === "cpu"));
    effect(() => this.#reportQuality());
    effect(() => void this.transport.loudspeaker.useSpeaker(this.local.devices.speakerId.value));
  }

  /** The person is in the meeting. `resumed`: the one that a lost connection had left on its own. */
  entered(joined: Joined, resumed: Participant | undefined): void {
    if (resumed !== undefined) this.sources.resumed(resumed);
    this.#report.entered(joined.participants.find(({ id }) => id === joined.participantId));
    this.sources.tell(SENT_KINDS);
    this.#relay.entered(joined.relay);
    this.transport.signallingOpened(joined.mediaConnected);
    this.watch.start();
  }

  close(): void {
    this.#relay.close();
    this.watch.stop();
    this.transport.close();
    this.local.close();
  }

  #obeyAusterity(): void {
    let paused = false;
    effect(() => {
      const { cameraPaused, receiving } = this.watch.austerity.value;
      this.transport.limitReceiving(receiving);
      if (cameraPaused !== paused) {
        paused = cameraPaused;
        this.#trackChanged(SourceKind.CAMERA);
      }
    });
  }

  #reportQuality(): void {
    const { value } = this.watch.ownWay;
    const paused = this.watch.austerity.value.cameraPaused && this.local.camera.value !== undefined;
    // Entering the meeting says nothing new of the connection: the appliance takes it for good.
    if (untracked(() => this.#meeting.isOn())) this.#report.tell(value, paused);
  }

  /** What a source sends: nothing of a camera that is paused. */
  #sentTrack(kind: SentKind): MediaStreamTrack | null {
    const paused = kind === SourceKind.CAMERA && this.watch.austerity.peek().cameraPaused;
    return paused ? null : this.local.trackOf(kind);
  }

  #trackChanged(kind: SentKind): void {
    void this.transport.send(kind, this.#sentTrack(kind));
    if (this.#meeting.isOn()) this.sources.tell([kind]);
  }
}
