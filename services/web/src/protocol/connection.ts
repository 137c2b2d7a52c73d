import { create, fromBinary, toBinary, type MessageInitShape } from "@bufbuild/protobuf";

import {
  ClientMessageSchema,
  ErrorCode,
  ServerMessageSchema,
  type ClientMessage,
  type ServerMessage,
  type Welcome,
} from "../gen/conclave/v1/signalling_pb.js";
import { waitBeforeAttempt } from "./backoff.ts";
import { ConnectionLost, isFinal, SignallingError } from "./errors.ts";
import type { Clock, OpenSocket, Socket } from "./ports.ts";

/** The version of the signalling that this page speaks. */
export const SIGNALLING_VERSION = 1;

export const PING_INTERVAL_MS = 15_000;
export const ANSWER_TIMEOUT_MS = 10_000;
/** How long a socket may take to open: on a network that came back, a new attempt is heard sooner than an old one. */
export const CONNECT_TIMEOUT_MS = 5_000;
/** How long a connection that is in doubt may take to answer. */
export const DOUBT_TIMEOUT_MS = 3_000;

/** How one is invited. */
export type Invitation = { readonly case: "inviteToken" | "dialCode"; readonly value: string };
export type Credential = Invitation | { readonly case: "resumeToken"; readonly value: string };
/** Who has no credential, and wants nothing but to probe. */
export type Stranger = { readonly case: undefined };

/** What the owner of a connection is told. */
export interface ConnectionHandlers {
  /** Asked at each attempt. */
  credential(): Credential | Stranger;
  /** Hello was answered: requests can be made. */
  opened(welcome: Welcome): void;
  /** The connection broke; attempts to come back have started. */
  lost(): void;
  /** A message that answers no request. */
  event(body: ServerMessage["body"]): void;
  /** The session of the resume token is gone. The next attempt asks for a credential again. */
  sessionLost(): void;
  /** The appliance will not have this client; nothing more is tried. */
  refused(error: SignallingError): void;
}

export type RequestBody = NonNullable<MessageInitShape<typeof ClientMessageSchema>["body"]>;
export type AnswerBody = ServerMessage["body"];
/** Sends a request; rejects with SignallingError when the appliance refuses, with ConnectionLost when no answer came. */
export type Request = (body: RequestBody) => Promise<AnswerBody>;

interface Pending {
  readonly resolve: (body: AnswerBody) => void;
  readonly reject: (error: Error) => void;
  readonly cancelTimeout: () => void;
}

export type ConnectionState = "idle" | "connecting" | "greeting" | "open" | "waiting" | "closed";

/**
 * Signalling with one appliance: keeps a connection open, greets, matches answers with requests, keeps it alive, and
 * comes back by itself after a loss. Knows nothing of meetings.
 */
export class Connection {
  readonly #openSocket: OpenSocket;
  readonly #clock: Clock;
  readonly #handlers: ConnectionHandlers;
  readonly #capabilities: readonly string[];

  #state: ConnectionState = "idle";
  #socket: Socket | undefined;
  #attempt = 0;
  #lastRequestId = 0n;
  #pending = new Map<bigint, Pending>();
  #cancelTimer: () => void = () => undefined;

  constructor(openSocket: OpenSocket, clock: Clock, handlers: ConnectionHandlers, capabilities: readonly string[]) {
    this.#openSocket = openSocket;
    this.#clock = clock;
    this.#handlers = handlers;
    this.#capabilities = capabilities;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Starts connecting. */
  open(): void {
    if (this.#state === "idle") this.#connect();
  }

  /** Finds out at once whether the connection still stands, because the network is said to have changed. */
  check(): void {
    if (this.#state === "open") {
      this.#send({ case: "ping", value: {} }, DOUBT_TIMEOUT_MS).catch(() => undefined);
    } else if (this.#state === "waiting" || this.#state === "connecting") {
      this.#drop();
      this.#connect();
    }
  }

  /** Ends it for good; nothing is called afterwards. */
  close(): void {
    this.#state = "closed";
    this.#drop();
  }

  /**
   * Sends a request and resolves with its answer. Rejects with SignallingError when the answer is Error, with
   * ConnectionLost when none came, at once when there is no connection.
   */
  request(body: RequestBody): Promise<AnswerBody> {
    if (this.#state !== "open") return Promise.reject(new ConnectionLost());
    return this.#send(body);
  }

  #send(body: RequestBody, timeoutMs = ANSWER_TIMEOUT_MS): Promise<AnswerBody> {
    this.#lastRequestId += 1n;
    const requestId = this.#lastRequestId;
    const message: ClientMessage = create(ClientMessageSchema, { requestId, body });
    return new Promise((resolve, reject) => {
      const cancelTimeout = this.#clock.after(timeoutMs, () => this.#lose());
      this.#pending.set(requestId, { resolve, reject, cancelTimeout });
      this.#socket?.send(toBinary(ClientMessageSchema, message));
    });
  }

  #connect(): void {
    this.#state = "connecting";
    this.#lastRequestId = 0n;
    const socket: Socket = this.#openSocket({
      opened: () => this.#current(socket) && this.#greet(),
      received: (data) => this.#current(socket) && this.#receive(data),
      closed: () => this.#current(socket) && this.#lose(),
    });
    this.#socket = socket;
    // A network that swallows everything opens no socket and reports no failure.
    this.#cancelTimer = this.#clock.after(CONNECT_TIMEOUT_MS, () => this.#lose());
  }

  #current(socket: Socket): boolean {
    return this.#socket === socket && this.#state !== "closed";
  }

  #greet(): void {
    this.#cancelTimer();
    this.#state = "greeting";
    const credential = this.#handlers.credential();
    const hello = {
      minVersion: SIGNALLING_VERSION,
      maxVersion: SIGNALLING_VERSION,
      capabilities: [...this.#capabilities],
      credential,
    };
    this.#send({ case: "hello", value: hello }).then(
      (answer) => {
        if (this.#state !== "greeting" || answer.case !== "welcome") return this.#lose();
        this.#state = "open";
        this.#attempt = 0;
        this.#keepAlive();
        this.#handlers.opened(answer.value);
      },
      (error: unknown) => {
        if (error instanceof SignallingError) this.#refusedHello(error, credential);
      },
    );
  }

  #refusedHello(error: SignallingError, credential: Credential | Stranger): void {
    if (credential.case === "resumeToken" && error.code === ErrorCode.SESSION_LOST) {
      this.#drop();
      this.#handlers.sessionLost();
      if (this.#state !== "closed") this.#connect();
    } else if (isFinal(error.code)) {
      this.#refuse(error);
    } else {
      this.#lose();
    }
  }

  #refuse(error: SignallingError): void {
    this.close();
    this.#handlers.refused(error);
  }

  #receive(data: Uint8Array): void {
    let message: ServerMessage;
    try {
      message = fromBinary(ServerMessageSchema, data);
    } catch {
      return this.#lose(); // Whoever sends this does not speak the protocol; a fresh connection may.
    }
    const { body } = message;
    if (message.requestId === 0n) {
      if (body.case === "error") {
        if (isFinal(body.value.code)) this.#refuse(new SignallingError(body.value.code, body.value.message));
        return; // Otherwise it announces a close, after which the connection comes back.
      }
      if (body.case !== undefined && this.#state === "open") this.#handlers.event(body);
      return;
    }
    const pending = this.#pending.get(message.requestId);
    if (pending === undefined) return;
    this.#pending.delete(message.requestId);
    pending.cancelTimeout();
    if (body.case === "error") pending.reject(new SignallingError(body.value.code, body.value.message));
    else pending.resolve(body);
  }

  #keepAlive(): void {
    this.#cancelTimer = this.#clock.after(PING_INTERVAL_MS, () => {
      this.#send({ case: "ping", value: {} }).catch(() => undefined);
      this.#keepAlive();
    });
  }

  #lose(): void {
    const wasOpen = this.#state === "open";
    this.#drop();
    this.#state = "waiting";
    const wait = waitBeforeAttempt(this.#attempt, this.#clock.random());
    this.#attempt += 1;
    this.#cancelTimer = this.#clock.after(wait, () => this.#connect());
    if (wasOpen) this.#handlers.lost();
  }

  #drop(): void {
    this.#cancelTimer();
    this.#socket?.close();
    this.#socket = undefined;
    const abandoned = [...this.#pending.values()];
    this.#pending.clear();
    for (const pending of abandoned) {
      pending.cancelTimeout();
      pending.reject(new ConnectionLost());
    }
  }
}
