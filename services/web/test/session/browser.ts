/** The parts of a browser that a session touches, in which no device is found and no transport ever connects. */

class NoTransport {
  readonly connectionState = "new";

  addTransceiver(): unknown {
    return { mid: null, sender: { track: null, replaceTrack: async () => undefined }, receiver: { track: {} } };
  }

  createOffer(): Promise<never> {
    return new Promise(() => undefined);
  }

  close(): void {
    // It holds nothing.
  }
}

class NoDevices extends EventTarget {
  getUserMedia(): Promise<never> {
    return Promise.reject(new DOMException("there is none", "NotFoundError"));
  }

  enumerateDevices(): Promise<never[]> {
    return Promise.resolve([]);
  }
}

/** Puts them where code looks for a browser's. */
export function installBrowser(): void {
  Object.assign(globalThis, { RTCPeerConnection: NoTransport, RTCRtpReceiver: { getCapabilities: () => null } });
  Object.defineProperty(navigator, "mediaDevices", { value: new NoDevices() });
}
