import type { network as english } from "../en/network.ts";

export const network: Partial<typeof english> = {
  online: "Verbunden",
  mediaConnecting: "Verbindung wird aufgebaut …",
  reconnecting: "Verbindung wird wiederhergestellt …",
  connectionLost: "Verbindung verloren. Neuer Versuch …",
  mediaInterrupted: "Ton und Bild sind unterbrochen. Neuer Versuch …",
  mediaRefused:
    "Die Anlage kann mit dem, was dieser Browser anbietet, nichts anfangen. Ton und Bild bleiben aus; verwenden Sie einen aktuellen Browser.",
};
