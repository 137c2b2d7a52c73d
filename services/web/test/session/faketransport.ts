/** Peer connections whose state, and what they hear, a test decides. */

interface FakeSender {
  readonly track: null;
  replaceTrack(): Promise<void>;
}

export class FakeTransport {
  static readonly made: FakeTransport[] = [];

  connectionState: RTCPeerConnectionState = "new";
  onconnectionstatechange: (() => void) | null = null;
  /** Bytes that arrived on the selected pair. */
  heard = 0;
  closed = false;
  #sections = 0;

  iceServers: RTCIceServer[];

  constructor({ iceServers = [] }: RTCConfiguration) {
    this.iceServers = iceServers;
    FakeTransport.made.push(this);
  }

  setConfiguration({ iceServers = [] }: RTCConfiguration): void {
    if (this.closed) throw new DOMException("the connection is closed", "InvalidStateError");
    this.iceServers = iceServers;
  }

  static get latest(): FakeTransport {
    const latest = FakeTransport.made.at(-1);
    if (latest === undefined) throw new Error("no transport was made");
    return latest;
  }

  addTransceiver(): { mid: string; sender: FakeSender; receiver: object } {
    const sender = { track: null, replaceTrack: async () => undefined };
    return { mid: String(this.#sections++), sender, receiver: { track: {} } };
  }

  createOffer({ iceRestart }: { iceRestart: boolean }): Promise<{ sdp: string }> {
    return Promise.resolve({ sdp: iceRestart ? "restart" : "offer" });
  }

  async setLocalDescription(): Promise<void> {
    // Any description will do.
  }

  async setRemoteDescription(): Promise<void> {
    // Any description will do.
  }

  getStats(): Promise<Map<string, object>> {
    const pair = { id: "pair", type: "candidate-pair", bytesReceived: this.heard, responsesReceived: 0 };
    const transport = { id: "transport", type: "transport", selectedCandidatePairId: "pair" };
    return Promise.resolve(new Map<string, object>([["pair", pair], ["transport", transport]]));
  }

  become(state: RTCPeerConnectionState): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  close(): void {
    this.closed = true;
  }
}

class SilentAudio {
  srcObject: unknown = null;

  play(): Promise<void> {
    return Promise.resolve();
  }

  pause(): void {
    // It never played.
  }
}

/** Puts them where code looks for a browser's. */
export function installTransports(): void {
  Object.assign(globalThis, {
    RTCPeerConnection: FakeTransport,
    RTCRtpReceiver: { getCapabilities: () => null },
    Audio: SilentAudio,
    HTMLMediaElement: SilentAudio,
    MediaStream: class {},
  });
}
