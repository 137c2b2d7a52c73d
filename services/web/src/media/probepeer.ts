import { CAMERA, preferring } from "./codecs.ts";
import { linkSample, type LinkSample } from "./linkstatistics.ts";

export type Carrier = "udp" | "tcp";

/** Until `send` says otherwise, bits a second. */
const NOTHING_YET = 100_000;

/** A peer connection that tries the way to the appliance and back, over UDP or TCP alone. */
export class ProbePeer {
  readonly #connection = new RTCPeerConnection({ iceServers: [], bundlePolicy: "max-bundle", rtcpMuxPolicy: "require" });
  readonly #sender: RTCRtpSender;

  constructor() {
    const sendEncodings = [{ maxBitrate: NOTHING_YET }];
    this.#sender = preferring(CAMERA, this.#connection.addTransceiver("video", { direction: "sendonly", sendEncodings })).sender;
    preferring(CAMERA, this.#connection.addTransceiver("video", { direction: "recvonly" }));
  }

  async offer(): Promise<string> {
    const offer = await this.#connection.createOffer();
    await this.#connection.setLocalDescription(offer);
    return offer.sdp ?? "";
  }

  /** Takes the answer, and resolves with whether a connection over this carrier came about in time. */
  async connects(answer: string, carrier: Carrier, timeoutMs: number): Promise<boolean> {
    await this.#connection.setRemoteDescription({ type: "answer", sdp: onlyOver(answer, carrier) });
    return new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), timeoutMs);
      const look = (): void => {
        const state = this.#connection.connectionState;
        if (state !== "connected" && state !== "failed") return;
        clearTimeout(timer);
        resolve(state === "connected");
      };
      this.#connection.onconnectionstatechange = look;
      look();
    });
  }

  /** Sends a track; bitrate: bits a second, at most. */
  async send(track: MediaStreamTrack, bitrate: number): Promise<void> {
    const parameters = this.#sender.getParameters();
    for (const encoding of parameters.encodings) encoding.maxBitrate = bitrate;
    await this.#sender.setParameters(parameters);
    if (this.#sender.track !== track) await this.#sender.replaceTrack(track);
  }

  async sample(): Promise<LinkSample> {
    return linkSample(await this.#connection.getStats(), performance.now());
  }

  close(): void {
    this.#connection.onconnectionstatechange = null;
    this.#connection.close();
  }
}

/** The answer without the candidates of the other carrier, which leaves the browser no other way. */
export function onlyOver(answer: string, carrier: Carrier): string {
  const isOther = (line: string): boolean => line.startsWith("a=candidate:") && candidate(line).carrier !== carrier;
  return answer
    .split("\r\n")
    .filter((line) => !isOther(line))
    .join("\r\n");
}

/** The port that the appliance's answer names, the same for UDP and TCP. */
export function portOf(answer: string): number {
  const line = answer.split("\r\n").find((each) => each.startsWith("a=candidate:"));
  return line === undefined ? 0 : candidate(line).port;
}

/** RFC 8839 section 5.1: foundation, component, transport, priority, address, port. */
function candidate(line: string): { carrier: string; port: number } {
  const [, , carrier = "", , , port = ""] = line.split(" ");
  return { carrier: carrier.toLowerCase(), port: Number(port) };
}
