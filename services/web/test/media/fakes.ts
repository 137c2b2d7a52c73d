import type { MediaPort } from "../../src/media/devices.ts";

/** A track that can be unplugged and withheld, which a page's own `stop` does not do. */
export class FakeTrack extends EventTarget {
  readonly kind: "audio" | "video";
  readonly label: string;
  readonly #deviceId: string;
  enabled = true;
  muted = false;
  contentHint = "";
  readyState: "live" | "ended" = "live";
  constraints: MediaTrackConstraints;

  constructor(kind: "audio" | "video", deviceId: string, label: string, constraints: MediaTrackConstraints = {}) {
    super();
    this.kind = kind;
    this.#deviceId = deviceId;
    this.label = label;
    this.constraints = constraints;
  }

  getSettings(): MediaTrackSettings {
    const facingMode = facingOf(this.#deviceId);
    return { deviceId: this.#deviceId, ...(facingMode && { facingMode }) };
  }

  stop(): void {
    this.readyState = "ended";
  }

  applyConstraints(constraints: MediaTrackConstraints): Promise<void> {
    this.constraints = constraints;
    return Promise.resolve();
  }

  /** What the browser does when the device is gone. */
  end(): void {
    this.readyState = "ended";
    this.dispatchEvent(new Event("ended"));
  }

  withhold(muted: boolean): void {
    this.muted = muted;
    this.dispatchEvent(new Event(muted ? "mute" : "unmute"));
  }
}

interface Plugged {
  readonly deviceId: string;
  readonly kind: MediaDeviceKind;
  readonly label: string;
  readonly getCapabilities?: () => MediaTrackCapabilities;
}

/** A browser's devices: what is plugged in, and what the person allows. */
export class FakeDevices implements MediaPort {
  plugged: Plugged[] = [];
  /** The error that opening fails with, by kind; absent for none. */
  readonly refusals = new Map<"audio" | "video", string>();
  readonly opened: FakeTrack[] = [];
  /** While set, opening waits for it. */
  gate: Promise<void> = Promise.resolve();
  screen: { readonly tracks: FakeTrack[] } | undefined;
  screenOptions: DisplayMediaStreamOptions | undefined;
  readonly #listeners: (() => void)[] = [];

  constructor(...names: string[]) {
    this.plugged = names.map(pluggedOf);
  }

  addEventListener(_type: "devicechange", listener: () => void): void {
    this.#listeners.push(listener);
  }

  plug(...names: string[]): void {
    this.plugged.push(...names.map(pluggedOf));
    for (const listener of this.#listeners) listener();
  }

  unplug(name: string): void {
    this.plugged = this.plugged.filter(({ deviceId }) => deviceId !== name);
    for (const track of this.opened) {
      if (track.readyState === "live" && track.getSettings().deviceId === name) track.end();
    }
    for (const listener of this.#listeners) listener();
  }

  enumerateDevices(): Promise<Plugged[]> {
    return Promise.resolve(this.plugged);
  }

  async getUserMedia(constraints: MediaStreamConstraints): Promise<MediaStream> {
    await this.gate;
    const kind = constraints.audio === undefined ? "video" : "audio";
    const refusal = this.refusals.get(kind);
    if (refusal !== undefined) throw new DOMException("refused", refusal);
    const asked = (constraints[kind] ?? {}) as MediaTrackConstraints;
    const wanted = (asked.deviceId as ConstrainDOMStringParameters | undefined)?.exact;
    const candidates = this.plugged.filter((device) => device.kind === `${kind}input`);
    if (candidates.length === 0) throw new DOMException("none", "NotFoundError");
    const device = candidates.find(({ deviceId }) => wanted === undefined || deviceId === wanted);
    // As browsers do: no DOMException in most of them.
    if (device === undefined) throw Object.assign(new Error("no such device"), { name: "OverconstrainedError" });
    const track = new FakeTrack(kind, device.deviceId, device.label, asked);
    this.opened.push(track);
    return streamOf([track]);
  }

  getDisplayMedia(options: DisplayMediaStreamOptions): Promise<MediaStream> {
    this.screenOptions = options;
    if (this.screen === undefined) return Promise.reject(new DOMException("cancelled", "NotAllowedError"));
    return Promise.resolve(streamOf(this.screen.tracks));
  }

  /** The devices that are in use. */
  get live(): string[] {
    return this.opened.filter(({ readyState }) => readyState === "live").map((track) => track.getSettings().deviceId ?? "");
  }
}

const KINDS: Readonly<Record<string, MediaDeviceKind>> = {
  microphone: "audioinput",
  speaker: "audiooutput",
  camera: "videoinput",
};

/** "camera-front" and "camera-back" are those of a telephone. */
function facingOf(name: string): string | undefined {
  return { "camera-front": "user", "camera-back": "environment" }[name];
}

/** "camera-2" is the id, and the label is "Camera-2". */
function pluggedOf(name: string): Plugged {
  const kind = KINDS[name.split("-")[0] ?? ""];
  if (kind === undefined) throw new Error(`no kind of device: ${name}`);
  const facing = facingOf(name);
  const getCapabilities = (): MediaTrackCapabilities => (facing === undefined ? {} : { facingMode: [facing] });
  return { deviceId: name, kind, label: name.charAt(0).toUpperCase() + name.slice(1), getCapabilities };
}

function streamOf(tracks: readonly FakeTrack[]): MediaStream {
  const stream = {
    getTracks: () => tracks,
    getVideoTracks: () => tracks.filter(({ kind }) => kind === "video"),
    getAudioTracks: () => tracks.filter(({ kind }) => kind === "audio"),
  };
  return stream as unknown as MediaStream;
}
