import { create, fromBinary, toBinary, type MessageInitShape } from "@bufbuild/protobuf";

import { ClientMessageSchema, ServerMessageSchema, type ClientMessage } from "../../src/gen/conclave/v1/signalling_pb.js";
import type { Clock, OpenSocket, SocketHandlers } from "../../src/protocol/ports.ts";

type ServerBody = NonNullable<MessageInitShape<typeof ServerMessageSchema>["body"]>;

/** Time that passes only when a test says so. */
export class SimulatedClock implements Clock {
  now = 0;
  #timers: { due: number; callback: () => void }[] = [];

  after(ms: number, callback: () => void): () => void {
    const timer = { due: this.now + ms, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  random(): number {
    return 0.5;
  }

  /** Lets time pass, calling timers in order, and promises settle after each. */
  async advance(ms: number): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      const next = this.#timers.filter((timer) => timer.due <= end).sort((a, b) => a.due - b.due)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.now = next.due;
      next.callback();
      await settled();
    }
    this.now = end;
  }

  /**
   * Waits for what no simulated time brings, such as cryptography, while stepMs pass again and again. It fails after 20 s
   * of real time, with what `told` says.
   */
  async until(holds: () => boolean, stepMs = 1, told: () => string = () => ""): Promise<void> {
    const deadline = performance.now() + 20_000;
    while (!holds()) {
      if (performance.now() > deadline) throw new Error(`it never came to hold: ${told()}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
      await this.advance(stepMs);
    }
  }
}

/** One connection that the client made, seen from the server. */
export class SimulatedSocket {
  readonly sent: ClientMessage[] = [];
  readonly openedAt: number;
  closedByClient = false;
  readonly #handlers: SocketHandlers;

  constructor(handlers: SocketHandlers, openedAt: number) {
    this.#handlers = handlers;
    this.openedAt = openedAt;
  }

  receive(data: Uint8Array): void {
    this.sent.push(fromBinary(ClientMessageSchema, data));
  }

  get last(): ClientMessage {
    const message = this.sent.at(-1);
    if (message === undefined) throw new Error("the client has sent nothing");
    return message;
  }

  async accept(): Promise<void> {
    this.#handlers.opened();
    await settled();
  }

  async answer(body: ServerBody, requestId = this.last.requestId): Promise<void> {
    const message = create(ServerMessageSchema, { requestId, body });
    await this.raw(toBinary(ServerMessageSchema, message));
  }

  async raw(data: Uint8Array): Promise<void> {
    this.#handlers.received(data);
    await settled();
  }

  async breakOff(): Promise<void> {
    this.#handlers.closed();
    await settled();
  }
}

/** A network in which every attempt to connect becomes a SimulatedSocket. */
export class SimulatedNetwork {
  readonly sockets: SimulatedSocket[] = [];
  readonly #clock: SimulatedClock;

  constructor(clock: SimulatedClock) {
    this.#clock = clock;
  }

  readonly open: OpenSocket = (handlers) => {
    const socket = new SimulatedSocket(handlers, this.#clock.now);
    this.sockets.push(socket);
    return {
      send: (data) => socket.receive(data),
      close: () => {
        socket.closedByClient = true;
      },
    };
  };

  get latest(): SimulatedSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("the client has not connected");
    return socket;
  }
}

/** Resolves after everything that promises have queued. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
