import { computed, effect, signal, type ReadonlySignal } from "@preact/signals";

import type { Bytes } from "../../crypto/bytes.ts";
import { ownIdentity, type Identity } from "../../crypto/identity/own.ts";
import { DeploymentChanged, Pins } from "../../crypto/identity/pins.ts";
import type { IdentityStore } from "../../crypto/identity/store.ts";
import type { Claim, ContentOpening, Unsealable } from "../../crypto/content/codec.ts";
import type { Sealing } from "../../crypto/content/seal.ts";
import type { Member } from "../../crypto/member.ts";
import { CryptoClient } from "../../crypto/worker/client.ts";
import type { Enrolment } from "../../crypto/worker/session.ts";
import type { Room } from "../../gen/conclave/v1/rooms_pb.js";
import type { Joined, ServerMessage } from "../../gen/conclave/v1/signalling_pb.js";
import type { FrameGuard } from "../../media/frameguard.ts";
import type { Peer } from "../../media/peer.ts";
import type { Request } from "../../protocol/connection.ts";
import type { Clock } from "../../protocol/ports.ts";
import type { Roster } from "../../protocol/roster.ts";
import { Acquaintances } from "./acquaintances.ts";
import { delivery } from "./delivery.ts";
import { GroupDriver, type GroupStatus } from "./driver.ts";
import { enrolmentFrom, IdentityRefused, isEndToEnd } from "./enrolment.ts";
import { FrameWatch } from "./framewatch.ts";
import type { Keys } from "./ports.ts";
import { Pulse } from "./pulse.ts";

/** Why this client cannot be in an end-to-end meeting at all. */
export type Obstacle = "browser" | "deployment-changed" | "identity-refused" | "worker";

/** What surrounds the protection. */
export interface Surroundings {
  readonly request: Request;
  readonly clock: Clock;
  readonly room: ReadonlySignal<Room | undefined>;
  readonly roster: ReadonlySignal<Roster | undefined>;
  readonly peer: ReadonlySignal<Peer | undefined>;
  openStore(): Promise<IdentityStore>;
  startWorker(): Worker;
  /** Makes a new transport: the frames of the one there is have no worker any more. */
  renewMedia(): void;
  obstructed(obstacle: Obstacle): void;
}

/** Workers that may end in one meeting before it is given up. */
const MOST_LOSSES = 5;

/** Whether this browser can have frames pass a worker, and keep keys from scripts. */
export function canEncrypt(): boolean {
  return "RTCRtpScriptTransform" in globalThis && "Worker" in globalThis && "subtle" in crypto;
}

/** The end-to-end protection of one meeting, as its client has part in it. Does nothing in other rooms. */
export class Protection {
  readonly isOn = computed(() => isEndToEnd(this.#around.room.value));
  readonly status = signal<GroupStatus>({ name: "securing", givenUp: undefined });
  /** Who is in the group, by participant id: proved by their credentials, whatever the appliance says. */
  readonly members = computed<ReadonlyMap<string, Member>>(() => {
    const status = this.status.value;
    const members = status.name === "ready" ? status.view.members : [];
    return new Map(members.map((member) => [member.participantId, member]));
  });
  readonly acquaintances = signal<Acquaintances | undefined>(undefined);
  readonly frames: FrameWatch;

  readonly #around: Surroundings;
  readonly #driver: GroupDriver;
  readonly #stops: (() => void)[];
  #store: Promise<IdentityStore> | undefined;
  #client: CryptoClient | undefined;
  #pulse: Pulse | undefined;
  #enrolment: Enrolment | undefined;
  #losses = 0;

  constructor(around: Surroundings) {
    this.#around = around;
    this.frames = new FrameWatch(around.peer, around.roster);
    this.#driver = new GroupDriver(this.#keys(), delivery(around.request), around.clock, Date.now);
    this.#stops = [
      effect(() => {
        this.status.value = this.#driver.status.value;
      }),
      effect(() => void this.acquaintances.value?.meet([...this.members.value.values()])),
      effect(() => {
        if ([...this.frames.stopped.value.values()].includes("future-epoch")) this.#driver.suspect();
      }),
    ];
  }

  /** The public half of the key that this browser keeps for the deployment; nothing in rooms that need none. */
  async identityKey(): Promise<Bytes> {
    return this.isOn.peek() ? (await this.#identity()).publicKey : new Uint8Array();
  }

  /** The client is in the meeting. resumed: with the session that it had before. */
  async entered(joined: Joined, resumed: boolean): Promise<void> {
    const room = this.#around.room.peek();
    if (room === undefined || !this.isOn.peek()) return;
    try {
      const identity = await this.#identity();
      const enrolment = enrolmentFrom(joined, room, identity);
      const pins = new Pins(await this.#openStore());
      await pins.checkDeployment(enrolment.deploymentKey);
      const goesOn = resumed && this.#enrolment !== undefined;
      this.#enrolment = enrolment;
      this.acquaintances.value ??= new Acquaintances(pins, identity.publicKey);
      if (goesOn) this.#driver.resume();
      else this.#driver.enter();
    } catch (error) {
      if (error instanceof DeploymentChanged) this.#around.obstructed("deployment-changed");
      else if (error instanceof IdentityRefused) this.#around.obstructed("identity-refused");
      else throw error;
    }
  }

  event(body: ServerMessage["body"]): void {
    this.#driver.event(body);
  }

  /** The person sees something that cannot be decrypted: finds out whether this client has missed anything. */
  askAgain(): void {
    this.#driver.suspect();
  }

  /** What all frames of a new transport pass; undefined in rooms where they pass nothing. */
  guard(): FrameGuard | undefined {
    return this.isOn.peek() ? this.frames.guard(this.#worker()) : undefined;
  }

  /** What a member shares, sealed for the group. recipientId: empty for everybody. */
  async sealContent(sealing: Sealing, recipientId: string): Promise<Bytes | Unsealable> {
    // A worker that has ended has taken its keys along; there will be others.
    return (await this.#client?.ask("sealContent", sealing, recipientId).catch(() => undefined)) ?? "no-key";
  }

  async openContent(sealed: Bytes, claim: Claim): Promise<ContentOpening> {
    return (await this.#client?.ask("openContent", sealed, claim).catch(() => undefined)) ?? { refused: "failed" };
  }

  close(): void {
    this.#stop();
    this.#client?.close();
    this.#client = undefined;
  }

  /** The person will not come back: erases the keys to what was shared, which outlive the page otherwise. */
  end(): void {
    this.#stop();
    const client = this.#client;
    this.#client = undefined;
    void client
      ?.ask("forgetContent")
      .catch(() => undefined)
      .then(() => client.close());
  }

  #stop(): void {
    this.#driver.close();
    this.frames.close();
    for (const stop of this.#stops) stop();
    this.#pulse?.close();
  }

  #openStore(): Promise<IdentityStore> {
    return (this.#store ??= this.#around.openStore());
  }

  async #identity(): Promise<Identity> {
    return await ownIdentity(await this.#openStore());
  }

  #worker(): CryptoClient {
    if (this.#client !== undefined) return this.#client;
    const client = new CryptoClient(
      this.#around.startWorker(),
      (change) => this.#client === client && this.frames.changed(change),
      () => this.#client === client && this.#lost(client),
    );
    this.#client = client;
    this.#pulse = new Pulse(this.#around.clock, () => client.ask("beat"), () => this.#lost(client));
    return client;
  }

  /** All keys are gone with the worker: another one comes in as a new leaf, and the frames go through that. */
  #lost(client: CryptoClient): void {
    this.#pulse?.close();
    client.close();
    this.#client = undefined;
    this.#losses += 1;
    if (this.#losses > MOST_LOSSES) return this.#around.obstructed("worker");
    this.#around.renewMedia();
    if (this.#enrolment !== undefined) this.#driver.enter();
  }

  #keys(): Keys {
    return {
      enrol: async () => {
        if (this.#enrolment === undefined) throw new Error("nobody has vouched for this client yet");
        return await this.#worker().ask("enrol", this.#enrolment, Date.now());
      },
      leave: async () => await this.#client?.ask("leave"),
      found: () => this.#worker().ask("found"),
      join: (welcome) => this.#worker().ask("join", welcome),
      commit: (change) => this.#worker().ask("commit", change),
      abandon: () => this.#worker().ask("abandon"),
      process: (message) => this.#worker().ask("process", message),
    };
  }
}
