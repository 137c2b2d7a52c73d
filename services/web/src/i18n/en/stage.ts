/** Tiles and their states. */
export const stage = {
  pin: (name: string) => `Enlarge ${name}`,
  unpin: (name: string) => `Stop enlarging ${name}`,
  muted: "Muted",
  speaking: "Speaking",
  screenOf: (name: string) => `${name}'s screen`,
  stateConnecting: "Connecting",
  stateReconnecting: "Reconnecting",
  noPictureFor: (seconds: number) => (seconds === 1 ? "No picture for 1 second." : `No picture for ${seconds} seconds.`),
  stateLost: "Connection lost",
  tooManyPictures: (shown: number) => `No picture: ${shown} are shown at once.`,
  moreTiles: (count: number) => `${count} more`,
};
