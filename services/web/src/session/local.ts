import { computed, effect, signal, untracked, type ReadonlySignal } from "@preact/signals";

import { SourceKind } from "../gen/conclave/v1/meetings_pb.js";
import { blurCamera, type BlurCamera } from "../media/blur/camera.ts";
import { looksAway, openCamera, openMicrophone, type CaptureKind, type DeviceKind, type DeviceProblem, type MediaPort } from "../media/devices.ts";
import type { SentKind } from "../media/peer.ts";
import { whenAllowed } from "../media/permission.ts";
import { openScreen, treatAs } from "../media/screen.ts";
import { Background } from "./background.ts";
import { Capture } from "./capture.ts";
import { DeviceList } from "./devicelist.ts";
import { Latest } from "./latest.ts";
import { MediaPreferences } from "./mediapreferences.ts";
import { nextCamera } from "./nextcamera.ts";

/** Told whenever what a source sends has changed; null for nothing. */
export type TrackChanged = (kind: SentKind, track: MediaStreamTrack | null) => void;

/** Something that happened to the devices without the person's doing, for them to read. */
export type DeviceNotice = { readonly device: DeviceKind; readonly nowUsing: string };

/** The person's own microphone, camera and screen, and whether each is on. */
export class LocalMedia {
  readonly preferences = new MediaPreferences();
  readonly devices: DeviceList;
  readonly microphone: Capture;
  /** The camera as a device; `camera` is what is shown and sent. */
  readonly cameraDevice: Capture;

  readonly microphoneOn = signal(false);
  readonly microphoneProblem: ReadonlySignal<DeviceProblem | undefined>;
  readonly background: Background;
  /** The camera's picture while it is on, as it is shown and sent. */
  readonly camera = signal<MediaStreamTrack | undefined>(undefined);
  readonly cameraProblem: ReadonlySignal<DeviceProblem | undefined>;
  /** Whether people see their own picture as in a mirror. */
  readonly cameraMirrored: ReadonlySignal<boolean> = computed(() => !looksAway(this.cameraDevice.track.value));
  /** The shared screen's picture while it is shared. */
  readonly screen = signal<MediaStreamTrack | undefined>(undefined);
  readonly notice = signal<DeviceNotice | undefined>(undefined);

  readonly #port: MediaPort;
  readonly #changed: TrackChanged;
  readonly #microphoneWish = new Latest<boolean>((on) => this.#carryOutMicrophone(on));
  readonly #cameraWish = new Latest<boolean>((on) => this.#carryOutCamera(on));
  readonly #screenWish = new Latest<boolean>((on) => this.#carryOutScreen(on));
  readonly #stops: (() => void)[] = [];
  #microphoneWanted = false;
  #screenAudio: MediaStreamTrack | null = null;

  constructor(port: MediaPort, changed: TrackChanged, blur: BlurCamera = blurCamera) {
    const { preferences } = this;
    this.#port = port;
    this.#changed = changed;
    this.devices = new DeviceList(port, preferences, () => this.#devicesChanged());
    this.microphone = new Capture(
      "microphone",
      (id) => openMicrophone(port, id, preferences.soundProcessing),
      this.devices,
      (track, why) => {
        this.#useMicrophone(track !== undefined && this.microphoneOn.peek());
        this.#tellOf("microphone", track, why);
      },
    );
    this.cameraDevice = new Capture("camera", (id) => openCamera(port, id), this.devices, (track, why) => {
      this.#useCamera(track);
      this.#tellOf("camera", track, why);
    });
    this.background = new Background(preferences.blurBackground, blur, () => {
      this.#useCamera(undefined);
      return this.setCamera(false);
    });
    this.microphoneProblem = this.microphone.problem;
    this.cameraProblem = this.cameraDevice.problem;
  }

  /** Opens microphone and camera, and from then on follows what the person chooses and allows. */
  start(): void {
    void this.setMicrophone(true);
    void this.setCamera(true);
    void whenAllowed("microphone", () => void (this.microphoneProblem.peek() === "blocked" && this.setMicrophone(true)));
    void whenAllowed("camera", () => void (this.cameraProblem.peek() === "blocked" && this.setCamera(true)));
    const { wanted, echoCancellation, noiseSuppression, autoGainControl, blurBackground, screenContent } = this.preferences;
    this.#whenChosen([wanted.microphone, echoCancellation, noiseSuppression, autoGainControl], () =>
      this.microphone.reopen(),
    );
    this.#whenSpeakerGone(() => {
      this.notice.value = { device: "speaker", nowUsing: "" };
    });
    this.#whenChosen([wanted.camera], () => this.cameraDevice.reopen());
    this.#whenChosen([blurBackground], () => {
      if (this.camera.peek() !== undefined) this.#useCamera(this.cameraDevice.track.peek());
      return Promise.resolve();
    });
    this.#whenChosen([screenContent], async () => {
      const screen = this.screen.peek();
      if (screen !== undefined) await treatAs(screen, screenContent.peek());
    });
  }

  /** What each source sends now. */
  trackOf(kind: SentKind): MediaStreamTrack | null {
    switch (kind) {
      case SourceKind.MICROPHONE:
        return this.microphoneOn.peek() ? (this.microphone.track.peek() ?? null) : null;
      case SourceKind.CAMERA:
        return this.camera.peek() ?? null;
      case SourceKind.SCREEN:
        return this.screen.peek() ?? null;
      case SourceKind.SCREEN_AUDIO:
        return this.#screenAudio;
    }
  }

  setMicrophone(on: boolean): Promise<void> {
    this.#microphoneWanted = on;
    // Whatever is being carried out still: who mutes is not heard from now on.
    if (!on) this.#useMicrophone(false);
    return this.#microphoneWish.set(on);
  }

  setCamera(on: boolean): Promise<void> {
    return this.#cameraWish.set(on);
  }

  /** Goes on with another camera, where there is one. */
  switchCamera(): void {
    const next = nextCamera(this.devices.all.peek().camera, this.cameraDevice.id);
    if (next !== undefined) this.preferences.wanted.camera.value = next.id;
  }

  setScreen(on: boolean): Promise<void> {
    return this.#screenWish.set(on);
  }

  /** Gives every device back. */
  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
    this.microphone.close();
    this.cameraDevice.close();
    this.microphoneOn.value = false;
    this.background.close();
    this.camera.value = undefined;
    this.#dropScreen();
  }

  async #carryOutMicrophone(on: boolean): Promise<void> {
    // The device stays open so that unmuting is immediate; nothing of it is sent, and its track carries silence.
    if (!on) return;
    const track = await this.microphone.open();
    this.#useMicrophone(track !== undefined && this.#microphoneWanted);
  }

  async #carryOutCamera(on: boolean): Promise<void> {
    if (!on) await this.cameraDevice.release(); // So that the camera's light goes out.
    this.#useCamera(on ? await this.cameraDevice.open() : undefined);
  }

  async #carryOutScreen(on: boolean): Promise<void> {
    if (!on) {
      this.#dropScreen();
    } else if (this.screen.peek() === undefined) {
      const opened = await openScreen(this.#port, this.preferences.screenContent.peek());
      if (opened === undefined) return;
      this.screen.value = opened.video;
      this.#screenAudio = opened.audio;
      // The share is stopped in the browser's own bar, or the window that is shared was closed.
      opened.video.addEventListener("ended", () => void this.setScreen(false), { once: true });
    }
    this.#tell(SourceKind.SCREEN);
    this.#tell(SourceKind.SCREEN_AUDIO);
  }

  #useMicrophone(on: boolean): void {
    const track = this.microphone.track.peek();
    if (track !== undefined) track.enabled = on;
    this.microphoneOn.value = on;
    this.#tell(SourceKind.MICROPHONE);
  }

  /** The one place where a camera's track comes to be shown and sent. */
  #useCamera(track: MediaStreamTrack | undefined): void {
    this.camera.value = this.background.of(track);
    this.#tell(SourceKind.CAMERA);
  }

  #dropScreen(): void {
    this.screen.peek()?.stop();
    this.#screenAudio?.stop();
    this.screen.value = undefined;
    this.#screenAudio = null;
  }

  #devicesChanged(): void {
    void this.microphone.listChanged();
    void this.cameraDevice.listChanged();
  }

  #tellOf(device: CaptureKind, track: MediaStreamTrack | undefined, why: "chosen" | "lost" | "returned"): void {
    if (why !== "chosen" && track !== undefined) this.notice.value = { device, nowUsing: track.label };
  }

  #whenSpeakerGone(act: () => void): void {
    let before = "";
    const stop = effect(() => {
      const now = this.devices.speakerId.value;
      if (now === "" && before !== "" && before === this.devices.wanted("speaker")) act();
      before = now;
    });
    this.#stops.push(stop);
  }

  /** Acts on each change of these, and not on what they are already. */
  #whenChosen(signals: readonly ReadonlySignal<unknown>[], act: () => Promise<void>): void {
    let first = true;
    const stop = effect(() => {
      for (const each of signals) void each.value;
      if (!first) untracked(act).catch((error: unknown) => console.warn("the choice could not be followed:", error));
      first = false;
    });
    this.#stops.push(stop);
  }

  #tell(kind: SentKind): void {
    this.#changed(kind, this.trackOf(kind));
  }
}
