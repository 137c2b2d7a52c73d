import { signal } from "@preact/signals";

import { SourceKind } from "../gen/conclave/v1/meetings_pb.js";
import { openCamera, openMicrophone, openScreen, type DeviceProblem } from "../media/devices.ts";
import type { SentKind } from "../media/peer.ts";

/** Told whenever what a source sends has changed; null for nothing. */
export type TrackChanged = (kind: SentKind, track: MediaStreamTrack | null) => void;

/** The person's own microphone, camera and screen, and whether each is on. */
export class LocalMedia {
  readonly microphoneOn = signal(false);
  readonly microphoneProblem = signal<DeviceProblem | undefined>(undefined);
  /** The camera's picture while it is on. */
  readonly camera = signal<MediaStreamTrack | undefined>(undefined);
  readonly cameraProblem = signal<DeviceProblem | undefined>(undefined);
  /** The shared screen's picture while it is shared. */
  readonly screen = signal<MediaStreamTrack | undefined>(undefined);

  readonly #changed: TrackChanged;
  #microphone: MediaStreamTrack | undefined;
  #screenAudio: MediaStreamTrack | null = null;
  #busy = new Set<SentKind>();

  constructor(changed: TrackChanged) {
    this.#changed = changed;
  }

  /** What each source sends now. */
  trackOf(kind: SentKind): MediaStreamTrack | null {
    switch (kind) {
      case SourceKind.MICROPHONE:
        return this.microphoneOn.value ? (this.#microphone ?? null) : null;
      case SourceKind.CAMERA:
        return this.camera.value ?? null;
      case SourceKind.SCREEN:
        return this.screen.value ?? null;
      case SourceKind.SCREEN_AUDIO:
        return this.#screenAudio;
    }
  }

  setMicrophone(on: boolean): Promise<void> {
    return this.#alone(SourceKind.MICROPHONE, async () => {
      if (on && this.#microphone?.readyState !== "live") {
        const opened = await openMicrophone();
        this.microphoneProblem.value = "problem" in opened ? opened.problem : undefined;
        if ("problem" in opened) return;
        this.#microphone = opened.track;
        this.#whenEnded(opened.track, () => this.setMicrophone(false));
      }
      // The device stays open so that unmuting is immediate; nothing of it is sent, and its track carries silence.
      if (this.#microphone !== undefined) this.#microphone.enabled = on;
      this.microphoneOn.value = on;
      this.#tell(SourceKind.MICROPHONE);
    });
  }

  setCamera(on: boolean): Promise<void> {
    return this.#alone(SourceKind.CAMERA, async () => {
      if (!on) {
        this.camera.value?.stop(); // So that the camera's light goes out.
        this.camera.value = undefined;
      } else if (this.camera.value === undefined) {
        const opened = await openCamera();
        this.cameraProblem.value = "problem" in opened ? opened.problem : undefined;
        if ("problem" in opened) return;
        this.camera.value = opened.track;
        this.#whenEnded(opened.track, () => this.setCamera(false));
      }
      this.#tell(SourceKind.CAMERA);
    });
  }

  setScreen(on: boolean): Promise<void> {
    return this.#alone(SourceKind.SCREEN, async () => {
      if (!on) {
        this.screen.value?.stop();
        this.#screenAudio?.stop();
        this.screen.value = undefined;
        this.#screenAudio = null;
      } else if (this.screen.value === undefined) {
        const opened = await openScreen();
        if (opened === undefined) return;
        this.screen.value = opened.video;
        this.#screenAudio = opened.audio;
        this.#whenEnded(opened.video, () => this.setScreen(false));
      }
      this.#tell(SourceKind.SCREEN);
      this.#tell(SourceKind.SCREEN_AUDIO);
    });
  }

  /** Gives every device back. */
  close(): void {
    this.#microphone?.stop();
    this.camera.value?.stop();
    this.screen.value?.stop();
    this.#screenAudio?.stop();
    this.#microphone = undefined;
    this.#screenAudio = null;
    this.microphoneOn.value = false;
    this.camera.value = undefined;
    this.screen.value = undefined;
  }

  #tell(kind: SentKind): void {
    this.#changed(kind, this.trackOf(kind));
  }

  /** A device that is unplugged, or a share that is stopped in the browser's own bar. */
  #whenEnded(track: MediaStreamTrack, stopped: () => Promise<void>): void {
    track.addEventListener("ended", () => void stopped(), { once: true });
  }

  /** Ignores a press while the one before is still being carried out. */
  async #alone(kind: SentKind, work: () => Promise<void>): Promise<void> {
    if (this.#busy.has(kind)) return;
    this.#busy.add(kind);
    try {
      await work();
    } finally {
      this.#busy.delete(kind);
    }
  }
}
