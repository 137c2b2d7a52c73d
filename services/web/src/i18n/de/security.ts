import type { security as english } from "../en/security.ts";

export const security: typeof english = {
  managedTitle: "Verwaltet: Die Anlage kann mitlesen",
  managedText: "Auf dem Weg verschlüsselt. Die Anlage kann lesen, was hier gesagt und gezeigt wird.",
  endToEndTitle: "Ende-zu-Ende-verschlüsselt",
  endToEndText: "Nur die Personen in der Besprechung können sie sehen und hören. Der Server kann es nicht.",
  notRecorded: "Keine Aufzeichnung",
  notRecordedText: "Es wird nichts aufgezeichnet. Aufbewahrt wird: wer sich getroffen hat und wann.",
  sealedTitle: "Aufgezeichnet und versiegelt",
  sealedText: "Mehrere Compliance-Beauftragte müssen zustimmen, bevor jemand die Aufzeichnung öffnen kann.",
  security: (protection, recording) => `Sicherheit: ${protection}; ${recording}`,
  securityTitle: "Sicherheit",

  consentTitle: "Diese Besprechung wird aufgezeichnet",
  consentRead: "Bitte lesen Sie dies, bevor Sie beitreten.",
  consentKept: "Was aufbewahrt wird",
  consentKeptText: "Ton, Bilder und freigegebene Bildschirme, vom Beitritt bis Sie die Besprechung verlassen.",
  consentWho: "Wer es öffnen kann",
  consentWhoText: "Niemand allein. Mehrere Compliance-Beauftragte müssen zustimmen, und jede Öffnung wird protokolliert.",
  consentWhy: "Warum",
  consentHowLong: "Wie lange",
  consentNotTold: "Fragen Sie, wer Sie eingeladen hat; dieser Seite wird es nicht gesagt.",
  consentRights: "Ihre Rechte",
  consentRightsText: "Sie können eine Kopie verlangen oder widersprechen.",
  consentAgree: "Ich bin einverstanden, dass mein Beitrag wie beschrieben aufgezeichnet und versiegelt wird.",
  consentDecline: "Nicht beitreten",
  consentTick: "Setzen Sie das Häkchen, um beizutreten. Die Aufzeichnung von Ihnen endet, sobald Sie gehen.",
};
