import type { before as english } from "../en/before.ts";

export const before: Partial<typeof english> = {
  yourName: "Ihr Name",
  joinMeeting: "Besprechung beitreten",
  joining: "Sie treten bei …",
  nameNeeded: "Geben Sie Ihren Namen an, damit die anderen wissen, wer Sie sind.",
  preview: "Ihre Kamera und Ihr Mikrofon",
  connecting: "Verbindung wird aufgebaut …",
  waitingForAppliance: "Die Anlage antwortet nicht. Neuer Versuch …",
  invitedTo: "Sie sind eingeladen zu",
};
