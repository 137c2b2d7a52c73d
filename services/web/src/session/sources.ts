import { signal } from "@preact/signals";

import { SourceKind, type Participant } from "../gen/conclave/v1/meetings_pb.js";
import type { SentKind } from "../media/peer.ts";
import type { Request } from "../protocol/connection.ts";
import { ConnectionLost } from "../protocol/errors.ts";
import type { LocalMedia } from "./local.ts";

/** What this needs of the person's devices. */
export type SwitchedMedia = Pick<LocalMedia, "trackOf" | "microphoneOn" | "setMicrophone">;

/** Keeps the appliance told of what the person sends, and obeys when a host has switched the microphone off. */
export class Sources {
  /** Who switched the microphone off, until it is on again: a name, empty when it is not known. */
  readonly mutedBy = signal<string | undefined>(undefined);

  readonly #request: Request;
  readonly #local: SwitchedMedia;
  /** Whether the appliance has acknowledged that the microphone sends. */
  #microphoneKnown = false;

  constructor(request: Request, local: SwitchedMedia) {
    this.#request = request;
    this.#local = local;
  }

  /** Says which of these sources send now. */
  tell(kinds: readonly SentKind[]): void {
    const sources = kinds.map((kind) => ({ kind, active: this.#local.trackOf(kind) !== null }));
    const microphone = sources.find((source) => source.kind === SourceKind.MICROPHONE);
    if (microphone?.active === true) this.mutedBy.value = undefined;
    this.#request({ case: "setSources", value: { sources } }).then(
      () => {
        if (microphone !== undefined) this.#microphoneKnown = microphone.active;
      },
      (error: unknown) => {
        // A lost connection repeats them all when it is back.
        if (!(error instanceof ConnectionLost)) console.error("the sources could not be set:", error);
      },
    );
  }

  /** A host has switched the microphone off: it stays so until the person switches it on. */
  muted(by: string): void {
    if (!this.#local.microphoneOn.value) return;
    this.mutedBy.value = by;
    void this.#local.setMicrophone(false);
  }

  /** The session goes on after a lost connection, during which a host may have switched the microphone off. */
  resumed(self: Participant | undefined): void {
    const microphone = self?.sources.find((source) => source.kind === SourceKind.MICROPHONE);
    if (this.#microphoneKnown && microphone?.active === false) this.muted("");
  }
}
