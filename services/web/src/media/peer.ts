import { SourceKind } from "../gen/conclave/v1/meetings_pb.js";
import type { VideoCodec } from "../gen/conclave/v1/signalling_pb.js";
import { ANY_PICTURE, CAMERA, preferring, SCREEN, VOICE } from "./codecs.ts";
import type { FrameGuard } from "./frameguard.ts";
import { linkSample, type LinkSample } from "./linkstatistics.ts";
import { PictureSender } from "./picturesender.ts";
import { encodingsFor, SCREEN_ENCODINGS } from "./simulcast.ts";
import { summariseSender, summariseSlot, type MediaStatistics } from "./statistics.ts";

export const AUDIO_SLOTS = 3;
const CONFIGURATION = { bundlePolicy: "max-bundle", rtcpMuxPolicy: "require" } as const;
/** A page shows at most this many tiles of others. */
const MOST_VIDEO_SLOTS = 48;

/** How many pictures a client of a room can show at once: the camera and the screen of everybody else, or a page full. */
export function videoSlotsFor(maxParticipants: number): number {
  return Math.min(MOST_VIDEO_SLOTS, Math.max(2, 2 * (maxParticipants - 1)));
}

/** What a client can send, in the order of the offer's m-lines. */
export const SENT_KINDS = [
  SourceKind.MICROPHONE,
  SourceKind.CAMERA,
  SourceKind.SCREEN,
  SourceKind.SCREEN_AUDIO,
] as const;
export type SentKind = (typeof SENT_KINDS)[number];

export interface LocalOffer {
  readonly sdp: string;
  readonly sources: readonly { readonly mid: string; readonly kind: SentKind; readonly endToEnd: boolean }[];
}

/**
 * The one peer connection of a client. All of its m-lines are made at once, before the only offer: what is sent or
 * shown changes later through replaceTrack and through the slots, without renegotiation.
 */
export class Peer {
  readonly videoSlots: number;
  readonly #connection: RTCPeerConnection;
  readonly #senders = new Map<SentKind, RTCRtpTransceiver>();
  readonly #pictures = new Map<SentKind, PictureSender>();
  readonly #slots: RTCRtpTransceiver[] = [];
  readonly #isGuarded: boolean;

  /**
   * videoSlots: how many pictures it can receive at once. iceServers: the relay's. stateChanged: called with each state of the connection (ICE and
   * DTLS together). guard: in end-to-end rooms.
   */
  constructor(
    videoSlots: number,
    iceServers: RTCIceServer[],
    stateChanged: (state: RTCPeerConnectionState) => void,
    guard?: FrameGuard,
  ) {
    this.videoSlots = videoSlots;
    this.#isGuarded = guard !== undefined;
    this.#connection = new RTCPeerConnection({ ...CONFIGURATION, iceServers });
    this.#connection.onconnectionstatechange = () => stateChanged(this.#connection.connectionState);
    for (const kind of SENT_KINDS) {
      const transceiver = this.#addSender(kind);
      guard?.sends(transceiver.sender, kind);
      this.#senders.set(kind, transceiver);
    }
    for (let slot = 0; slot < AUDIO_SLOTS + videoSlots; slot++) {
      const transceiver = this.#addReceiver(slot < AUDIO_SLOTS ? "audio" : "video");
      guard?.receives(transceiver.receiver, slot);
      this.#slots.push(transceiver);
    }
  }

  get state(): RTCPeerConnectionState {
    return this.#connection.connectionState;
  }

  #addSender(kind: SentKind): RTCRtpTransceiver {
    if (kind === SourceKind.MICROPHONE || kind === SourceKind.SCREEN_AUDIO) {
      return preferring(VOICE, this.#connection.addTransceiver("audio", { direction: "sendonly" }));
    }
    const encodings = kind === SourceKind.CAMERA ? encodingsFor : () => SCREEN_ENCODINGS;
    const sendEncodings: RTCRtpEncodingParameters[] = [...encodings(1280, 720)];
    if (this.#isGuarded && kind === SourceKind.CAMERA) for (const each of sendEncodings) Object.assign(each, { scalabilityMode: "L1T3" });
    const transceiver = this.#connection.addTransceiver("video", { direction: "sendonly", sendEncodings });
    this.#pictures.set(kind, new PictureSender(transceiver.sender, encodings));
    return preferring(kind === SourceKind.CAMERA ? CAMERA : SCREEN, transceiver);
  }

  #addReceiver(kind: "audio" | "video"): RTCRtpTransceiver {
    const pictures = this.#isGuarded ? SCREEN : ANY_PICTURE;
    return preferring(kind === "audio" ? VOICE : pictures, this.#connection.addTransceiver(kind, { direction: "recvonly" }));
  }

  /** Makes the offer and takes it as the local description. It needs no candidates: the appliance learns them. */
  async offer(iceRestart: boolean): Promise<LocalOffer> {
    const offer = await this.#connection.createOffer({ iceRestart });
    await this.#connection.setLocalDescription(offer);
    const endToEnd = this.#isGuarded;
    const sources = SENT_KINDS.map((kind) => ({ kind, mid: this.#senders.get(kind)?.mid ?? "", endToEnd }));
    return { sdp: offer.sdp ?? "", sources };
  }

  /** What ICE gathers from now on; the addresses that it has stay in use. */
  useServers(iceServers: RTCIceServer[]): void {
    this.#connection.setConfiguration({ ...CONFIGURATION, iceServers });
  }

  async accept(sdp: string): Promise<void> {
    await this.#connection.setRemoteDescription({ type: "answer", sdp });
    // Only now it is known which codecs there are.
    await Promise.all([...this.#pictures.values()].map((picture) => picture.fit()));
  }

  /** Sends a track as one of the client's sources, or nothing. */
  async send(kind: SentKind, track: MediaStreamTrack | null): Promise<void> {
    const sender = this.#senders.get(kind)?.sender;
    if (sender === undefined || sender.track === track) return;
    await sender.replaceTrack(track);
    await this.#pictures.get(kind)?.fit();
  }

  /** Sends these layers of a picture, because somebody looks at them, and no others, in a codec that they all decode. */
  async want(kind: SourceKind, layers: readonly number[], codec: VideoCodec): Promise<void> {
    const sent = SENT_KINDS.find((each) => each === kind);
    if (sent !== undefined) await this.#pictures.get(sent)?.want(layers, codec);
  }

  /** The mids of the video slots, once the offer is made. */
  get videoMids(): string[] {
    return this.#slots.slice(AUDIO_SLOTS).flatMap((slot) => (slot.mid === null ? [] : [slot.mid]));
  }

  /** The mids of all slots in their order, once the offer is made; empty where there is none. */
  get slotMids(): string[] {
    return this.#slots.map(({ mid }) => mid ?? "");
  }

  /** The tracks of the audio slots. */
  get audioTracks(): MediaStreamTrack[] {
    return this.#slots.slice(0, AUDIO_SLOTS).map((slot) => slot.receiver.track);
  }

  /** The track of the slot with this mid. */
  trackOf(mid: string): MediaStreamTrack | undefined {
    return this.#slots.find((slot) => slot.mid === mid)?.receiver.track;
  }

  /** One reading of the whole connection, which costs far less than asking each of its parts. */
  async sample(): Promise<LinkSample> {
    return linkSample(await this.#connection.getStats(), performance.now());
  }

  /** What every slot receives and every encoding sends. */
  async statistics(): Promise<MediaStatistics> {
    // Asked of each receiver, because not every browser tells the mid in its entries.
    const slots = this.#slots.map(async ({ mid, receiver }) =>
      summariseSlot(mid ?? "", receiver.track.kind === "audio" ? "audio" : "video", await receiver.getStats()),
    );
    const sending = [...this.#senders.values()].map(async ({ mid, sender }) =>
      summariseSender(mid ?? "", await sender.getStats()),
    );
    return { slots: await Promise.all(slots), sending: (await Promise.all(sending)).flat() };
  }

  close(): void {
    this.#connection.onconnectionstatechange = null;
    this.#connection.close();
  }
}
