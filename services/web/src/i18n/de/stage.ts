import type { stage as english } from "../en/stage.ts";

export const stage: typeof english = {
  pin: (name) => `${name} vergrößern`,
  unpin: (name) => `${name} nicht mehr vergrößern`,
  muted: "Stumm",
  speaking: "Spricht",
  screenOf: (name) => `Bildschirm von ${name}`,
  stateConnecting: "Verbindung wird aufgebaut",
  stateReconnecting: "Verbindung wird wiederhergestellt",
  noPictureFor: (seconds) => (seconds === 1 ? "Seit 1 Sekunde kein Bild." : `Seit ${seconds} Sekunden kein Bild.`),
  stateLost: "Verbindung verloren",
  tooManyPictures: (shown) => `Kein Bild: Es werden ${shown} zugleich gezeigt.`,
  moreTiles: (count) => `${count} weitere`,
};
