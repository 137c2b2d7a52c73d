/** The connection and how good it is. */
export const network = {
  online: "Connected",
  mediaConnecting: "Connecting…",
  reconnecting: "Reconnecting…",
  connectionLost: "Connection lost. Trying again…",
  mediaInterrupted: "Sound and picture are interrupted. Trying again…",
  mediaRefused: "The appliance can't use what this browser offers. Sound and picture stay off; use a current browser.",
};
