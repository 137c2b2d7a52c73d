import type { Bytes } from "../../../src/crypto/bytes.ts";
import type { FrameClock } from "../../../src/crypto/frames/coming.ts";
import { Context } from "../../../src/crypto/keys/kid.ts";
import { ADD_GRACE_MS } from "../../../src/crypto/keys/ring.ts";
import { Session } from "../../../src/crypto/worker/session.ts";
import { ConnectionLost } from "../../../src/protocol/errors.ts";
import { GroupDriver } from "../../../src/session/group/driver.ts";
import type { Delivery, Keys } from "../../../src/session/group/ports.ts";
import { DEPLOYMENT, ed25519, MEETING, pageVault, POLICY } from "../../crypto/people.ts";
import { SimulatedClock } from "../../protocol/simulated.ts";
import { SimulatedService, type Body } from "./service.ts";

type Identity = Awaited<ReturnType<typeof ed25519>>;

/** One person's client: a worker's session and its driver, on a network that a test can cut or spoil. */
export class Person {
  readonly id: string;
  readonly meeting: Meeting;
  readonly identity: Identity;
  readonly session: Session;
  readonly driver: GroupDriver;
  /** What arrives of an event: nothing, it, or something else. */
  spoil: (body: Body) => readonly Body[] = (body) => [body];
  statement = (): string => this.id;

  constructor(id: string, meeting: Meeting, identity: Identity) {
    this.id = id;
    this.meeting = meeting;
    this.identity = identity;
    this.session = new Session(() => undefined, () => undefined, meeting.frameClock, pageVault());
    this.driver = new GroupDriver(this.#keys(), this.#delivery(), meeting.clock, () => meeting.nowMs);
  }

  get isOnline(): boolean {
    return this.meeting.service.online.has(this.id);
  }

  connect(): void {
    this.meeting.service.online.set(this.id, (body) => this.spoil(body).forEach((each) => this.driver.event(each)));
  }

  cut(): void {
    this.meeting.service.online.delete(this.id);
  }

  get view(): { epoch: number; leaf: number; code: string; people: string } | undefined {
    const status = this.driver.status.peek();
    if (status.name !== "ready") return undefined;
    const { epoch, ownLeaf, code, members } = status.view;
    const people = members.map(({ participantId }) => participantId).sort();
    return { epoch: Number(epoch), leaf: ownLeaf, code: code.join(" "), people: people.join() };
  }

  get givenUp(): string | undefined {
    const status = this.driver.status.peek();
    return status.name === "securing" ? status.givenUp : undefined;
  }

  /** What leaves this client for a frame of its microphone; undefined for nothing. */
  async sends(frame: Bytes): Promise<Bytes | undefined> {
    const encoded = { data: frame.slice().buffer, getMetadata: () => ({ mimeType: "audio/opus" }) };
    const passes = await this.session.sent(Context.MICROPHONE).take(encoded);
    return passes ? new Uint8Array(encoded.data) : undefined;
  }

  /** Why this client does not play another's frame; undefined if it does. */
  async refusal(from: Person, wire: Bytes): Promise<string | undefined> {
    const encoded = { data: wire.slice().buffer, getMetadata: () => ({ mimeType: "audio/opus" }) };
    this.session.announce("1", { participantId: from.id, context: Context.MICROPHONE });
    const slot = this.session.received("1");
    await slot.take(encoded);
    return slot.tally.why;
  }

  #keys(): Keys {
    const { session } = this;
    return {
      enrol: async () => {
        const vouched = await DEPLOYMENT.vouch(this.statement(), this.identity.publicKey);
        const keys = { identityKey: this.identity.privateKey, deploymentKey: DEPLOYMENT.publicKey };
        return await session.enrol({ vouched, meeting: MEETING, policy: POLICY, ...keys }, Date.now());
      },
      leave: async () => session.leave(),
      found: () => session.found(),
      join: (welcome) => session.join(welcome),
      commit: (change) => session.commit(change),
      abandon: async () => session.abandon(),
      process: (message) => session.process(message),
    };
  }

  #delivery(): Delivery {
    const served = this.meeting.service.delivery(this.id);
    const reached = async <T>(ask: () => Promise<T>): Promise<T> => {
      if (!this.isOnline) throw new ConnectionLost();
      return await ask();
    };
    return {
      enter: (keyPackage, stuck) => reached(() => served.enter(keyPackage, stuck)),
      found: (groupId) => reached(() => served.found(groupId)),
      send: (groupId, commit) => reached(() => served.send(groupId, commit)),
      read: (groupId, after) => reached(() => served.read(groupId, after)),
    };
  }
}

/** People who meet through one delivery service, in time that passes only when a test says so. */
export class Meeting {
  readonly clock = new SimulatedClock();
  readonly service = new SimulatedService();
  readonly people: Person[] = [];

  get nowMs(): number {
    return this.clock.now;
  }

  /** For workers in which no frame waits for keys that may come. */
  readonly frameClock: FrameClock = {
    nowMs: () => this.clock.now,
    after: (_ms, callback) => {
      callback();
      return () => undefined;
    },
  };

  /** A meeting of these people, who came one after another and are all in the group. */
  static async of(...ids: string[]): Promise<{ meeting: Meeting; people: Person[] }> {
    const meeting = new Meeting();
    for (const id of ids) {
      await meeting.comes(id);
      await meeting.agrees();
    }
    return { meeting, people: [...meeting.people] };
  }

  async comes(id: string, identity?: Identity): Promise<Person> {
    const person = new Person(id, this, identity ?? (await ed25519()));
    this.people.push(person);
    person.connect();
    person.driver.enter();
    return person;
  }

  /** The page of this person is loaded anew: all but the identity is lost. */
  async reloads(person: Person): Promise<Person> {
    person.driver.close();
    this.people.splice(this.people.indexOf(person), 1);
    return await this.comes(person.id, person.identity);
  }

  /** This person's client is gone, without a word. */
  leaves(person: Person): void {
    person.driver.close();
    person.cut();
    this.people.splice(this.people.indexOf(person), 1);
    this.service.leave(person.id);
  }

  /** Waits until all who are here are in one epoch of one group, which holds them and nobody else. */
  async agrees(stepMs = 1): Promise<void> {
    const ids = this.people.map(({ id }) => id).sort().join();
    await this.until(() => {
      const codes = new Set(this.people.map(({ view }) => (view?.people === ids ? view.code : undefined)));
      return codes.size === 1 && !codes.has(undefined);
    }, stepMs);
  }

  /** Waits for the clients' cryptography, which takes what it takes; simulated time passes stepMs times as fast. */
  async until(holds: () => boolean, stepMs = 1): Promise<void> {
    await this.clock.until(holds, stepMs, () => JSON.stringify(this.people.map(({ id, view, givenUp }) => ({ id, view, givenUp }))));
  }

  /** Whether what one person sends is played by another. */
  async hears(from: Person, to: Person): Promise<boolean> {
    await this.clock.advance(ADD_GRACE_MS);
    const wire = await from.sends(Uint8Array.of(0x78, 1, 2, 3));
    return wire !== undefined && (await to.refusal(from, wire)) === undefined;
  }
}
