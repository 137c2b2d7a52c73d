/** What the protocol needs from its surroundings; the page gives WebSocket and timers, tests give their own. */

/** An open or opening message socket. */
export interface Socket {
  /** Sends one message. Only called between `opened` and `closed`. */
  send(data: Uint8Array): void;
  /** Closes; `closed` is not called after it. */
  close(): void;
}

export interface SocketHandlers {
  opened(): void;
  received(data: Uint8Array): void;
  /** The socket is gone, or could not be opened. Called once, and never after `close`. */
  closed(): void;
}

export type OpenSocket = (handlers: SocketHandlers) => Socket;

/** Timers and randomness. */
export interface Clock {
  /** Calls back once after `ms` milliseconds; returns what cancels it. */
  after(ms: number, callback: () => void): () => void;
  /** Uniform in [0, 1). */
  random(): number;
}
