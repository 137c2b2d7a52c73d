import type { Clock, OpenSocket } from "../protocol/ports.ts";

/** The page's WebSocket to its own origin, as the protocol wants it. */
export const openWebSocket: OpenSocket = (handlers) => {
  const socket = new WebSocket(new URL("/signal", location.href.replace(/^http/, "ws")), "conclave.v1");
  socket.binaryType = "arraybuffer";
  socket.onopen = () => handlers.opened();
  socket.onmessage = (event: MessageEvent<ArrayBuffer | string>) => {
    if (typeof event.data !== "string") handlers.received(new Uint8Array(event.data));
  };
  socket.onclose = () => handlers.closed();
  return {
    send: (data) => socket.send(data as Uint8Array<ArrayBuffer>),
    close: () => {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    },
  };
};

export const browserClock: Clock = {
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
  random: Math.random,
};
