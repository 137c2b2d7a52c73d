import type { Relay } from "../gen/conclave/v1/signalling_pb.js";

/** Where the page came from. */
export type Place = Pick<Location, "hostname" | "port">;

const HTTPS_PORT = "443";

/** The relay's addresses for a peer connection (RFC 7065), at the host and port of the page. */
export function iceServersOf({ username, credential, port }: Relay, place: Place): RTCIceServer[] {
  const plain = (transport: string): string => `turn:${place.hostname}:${port}?transport=${transport}`;
  const tls = `turns:${place.hostname}:${place.port === "" ? HTTPS_PORT : place.port}?transport=tcp`;
  return [{ urls: port === 0 ? [tls] : [plain("udp"), plain("tcp"), tls], username, credential }];
}
