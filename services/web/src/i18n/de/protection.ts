import type { protection as english } from "../en/protection.ts";

export const protection: typeof english = {
  securing: "Die Besprechung wird gesichert …",
  securingText: "Ihr Gerät holt die Schlüssel der Besprechung. Bis es sie hat, wird nichts von Ihnen gesendet.",
  securingAgain: "Etwas passte nicht, deshalb holt Ihr Gerät neue Schlüssel. Bis dahin wird nichts von Ihnen gesendet.",
  endToEndHere: (people) =>
    people === 1
      ? "Nur Sie haben die Schlüssel. Der Server kann es nicht lesen."
      : `Nur die ${people} Personen hier haben die Schlüssel. Der Server kann es nicht lesen.`,
  meetingCode: "Code der Besprechung",
  codeChanged: (epoch, time) => `Epoche ${epoch} · geändert ${time}`,
  codeText:
    "Lesen Sie ihn vor. Haben alle denselben Code, sitzt niemand dazwischen. Er ändert sich, wenn jemand kommt oder geht.",
  copyCode: "Code der Besprechung kopieren",
  codeCopied: "Code der Besprechung kopiert",
  whoIsVerified: "Wer bestätigt ist",
  verifiedOf: (verified, all) => `${verified} von ${all}`,
  standingVerified: "Bestätigt",
  standingUnverified: "Code nicht verglichen",
  standingGuest: "Nicht bestätigt",
  standingChanged: "Schlüssel geändert",
  standingNoKey: "Noch kein Schlüssel",
  compareCodes: "Codes vergleichen",
  compareWith: (name) => `Codes mit ${name} vergleichen`,
  compareText: (name) =>
    `Bitten Sie ${name}, dieselbe Seite zu öffnen, und lesen Sie einander diese Ziffern vor. Sind sie gleich, haben Sie beide die echten Schlüssel voneinander.`,
  compareChanged: (name) =>
    `${name} kommt mit einem anderen Schlüssel als zuvor: mit einem neuen Gerät oder Browser, oder es ist jemand anderes. Vergleichen Sie die Ziffern, bevor Sie vertrauen.`,
  comparing: "Die Ziffern werden berechnet …",
  markVerified: "Als bestätigt markieren",
  waitingForKey: "Wartet auf den Schlüssel",
  justJoined: (name) => `${name} ist gerade beigetreten. Das dauert meist eine Sekunde.`,
  keysChanging: "Die Schlüssel haben gerade gewechselt. Das dauert meist eine Sekunde.",
  stillWaiting: (time) => `Wartet noch. Um ${time} erneut angefragt.`,
  cantDecrypt: "Nicht zu entschlüsseln",
  olderKey: (name) => `Das Gerät von ${name} verwendet einen älteren Schlüssel.`,
  notInGroup: "Dieses Gerät gehört nicht zur Besprechung.",
  otherSource: (name) => `Was ankommt, ist nicht von ${name} und wird deshalb nicht gezeigt.`,
  changedOnTheWay: "Was ankommt, wurde unterwegs verändert oder mit anderen Schlüsseln erstellt. Es wird nicht gezeigt.",
  sentBefore: "Was ankommt, wurde schon einmal gesendet. Es wird nicht gezeigt.",
  askAgain: "Erneut anfragen",
  unseen: (people) =>
    people === 1
      ? "Eine Person ist gerade nicht zu sehen. Ihre Schlüssel werden erneuert; Sie müssen nichts tun."
      : `${people} Personen sind gerade nicht zu sehen. Ihre Schlüssel werden erneuert; Sie müssen nichts tun.`,
  keyChangedNews: (name) =>
    `${name} kommt mit einem anderen Schlüssel als zuvor. Vergleichen Sie die Codes, bevor Sie vertrauen.`,

  cantEncryptTitle: "Dieser Browser kann nicht Ende zu Ende verschlüsseln",
  cantEncryptText: "Verwenden Sie ein aktuelles Chrome, Edge, Firefox oder Safari.",
  deploymentChangedTitle: "Das ist nicht die Anlage, die Sie kennen",
  deploymentChangedText:
    "Ihr Identitätsschlüssel hat sich geändert; vielleicht sitzt jemand dazwischen. Sie sind nicht beigetreten. Fragen Sie Ihre Administration: Wurde die Anlage neu eingerichtet, entfernen Sie die Daten dieser Seite aus Ihrem Browser und kommen Sie wieder.",
  identityRefusedTitle: "Die Besprechung konnte nicht gesichert werden",
  identityRefusedText:
    "Was die Anlage über Sie oder die Besprechung sagt, ist nicht, was diese Seite zeigt. Sie haben sie verlassen, und nichts von Ihnen wurde gesendet. Sagen Sie es Ihrer Administration.",
  keysLostText: "Der Teil dieser Seite, der die Schlüssel hat, ist immer wieder ausgefallen. Sie haben die Besprechung verlassen.",
  keysErased: "Ihre Schlüssel",
  keysErasedText: "Ihre Schlüssel für diese Besprechung wurden von diesem Gerät gelöscht.",
};
