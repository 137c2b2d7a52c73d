import { signal } from "@preact/signals";

import { streamOf } from "../media/streams.ts";

/** The part of the Document Picture-in-Picture API that is used; not every browser has it. */
interface DocumentPictures {
  requestWindow(size: { width: number; height: number }): Promise<Window>;
}
declare global {
  interface Window {
    readonly documentPictureInPicture?: DocumentPictures;
  }
}

const SIZE = { width: 480, height: 270 };

/** One picture in a small window that stays above all others, where the browser has such windows. */
export class SmallWindow {
  readonly isOpen = signal(false);
  #track: MediaStreamTrack | undefined;
  #video: HTMLVideoElement | undefined;
  #close: () => void = () => undefined;

  get isPossible(): boolean {
    return window.documentPictureInPicture !== undefined || document.pictureInPictureEnabled;
  }

  /** Shows this picture from now on. */
  show(track: MediaStreamTrack | undefined): void {
    if (track === this.#track) return;
    this.#track = track;
    if (this.#video !== undefined) play(this.#video, track);
  }

  /** Opens the window, or closes it. Only while the person presses something does a browser let a page open one. */
  async toggle(): Promise<void> {
    if (this.isOpen.value) {
      this.#close();
      return;
    }
    const video = document.createElement("video");
    video.className = "picture whole";
    video.muted = true;
    video.playsInline = true;
    play(video, this.#track);
    try {
      await (window.documentPictureInPicture === undefined ? this.#openVideo(video) : this.#openDocument(video));
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      video.srcObject = null; // The browser would not, for a reason that it tells the person itself.
      return;
    }
    this.#video = video;
    this.isOpen.value = true;
  }

  /** Takes the window away with the meeting. */
  close(): void {
    if (this.isOpen.value) this.#close();
  }

  async #openDocument(video: HTMLVideoElement): Promise<void> {
    const opened = await window.documentPictureInPicture?.requestWindow(SIZE);
    if (opened === undefined) return;
    for (const sheet of document.querySelectorAll<HTMLLinkElement | HTMLStyleElement>("link[rel=stylesheet], style")) {
      opened.document.head.append(sheet.cloneNode(true));
    }
    opened.document.title = document.title;
    opened.document.body.append(video);
    void video.play();
    opened.addEventListener("pagehide", () => this.#closed(), { once: true });
    this.#close = () => opened.close();
  }

  async #openVideo(video: HTMLVideoElement): Promise<void> {
    if (video.readyState < HTMLMediaElement.HAVE_METADATA) {
      await new Promise((resolve) => video.addEventListener("loadedmetadata", resolve, { once: true }));
    }
    await video.requestPictureInPicture();
    video.addEventListener("leavepictureinpicture", () => this.#closed(), { once: true });
    this.#close = () => void document.exitPictureInPicture();
  }

  #closed(): void {
    if (this.#video !== undefined) this.#video.srcObject = null;
    this.#video = undefined;
    this.isOpen.value = false;
  }
}

function play(video: HTMLVideoElement, track: MediaStreamTrack | undefined): void {
  video.srcObject = track === undefined ? null : streamOf(track);
  if (track !== undefined) video.play().catch(() => undefined); // Refused only while it is in no window yet.
}
