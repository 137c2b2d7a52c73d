import type { security as english } from "../en/security.ts";

export const security: Partial<typeof english> = {
  managedTitle: "Verwaltet: Die Anlage kann mitlesen",
  managedText: "Auf dem Weg verschlüsselt. Die Anlage kann lesen, was hier gesagt und gezeigt wird.",
  endToEndTitle: "Ende-zu-Ende-verschlüsselt",
  endToEndText: "Nur die Personen in der Besprechung können sie sehen und hören. Der Server kann es nicht.",
  notRecorded: "Keine Aufzeichnung",
  notRecordedText: "Es wird nichts aufgezeichnet. Aufbewahrt wird: wer sich getroffen hat und wann.",
  security: (protection, recording) => `Sicherheit: ${protection}; ${recording}`,
  securityTitle: "Sicherheit",
};
