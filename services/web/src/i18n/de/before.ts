import type { before as english } from "../en/before.ts";

export const before: typeof english = {
  yourName: "Ihr Name",
  joinMeeting: "Besprechung beitreten",
  joining: "Sie treten bei …",
  nameNeeded: "Geben Sie Ihren Namen an, damit die anderen wissen, wer Sie sind.",
  preview: "Ihre Kamera und Ihr Mikrofon",
  nothingSentYet: "Es wird nichts gesendet, bevor Sie beitreten.",
  connecting: "Verbindung wird aufgebaut …",
  waitingForAppliance: "Die Anlage antwortet nicht. Neuer Versuch …",
  invitedTo: "Sie sind eingeladen zu",
  nameFixed: "Ihre Einladung ist persönlich: Die anderen sehen diesen Namen.",
  letInByHost: "Die Leitung lässt Sie ein.",
  letInWhenHostComes: "Die Leitung lässt Sie ein, sobald sie da ist.",
  startsWithHost: "Die Besprechung beginnt, wenn die Leitung da ist.",
  firstTitle: "An einer Besprechung teilnehmen",
  firstText: "Geben Sie den Einwahlcode ein, den Sie bekommen haben, oder öffnen Sie den Link.",
  dialCode: "Einwahlcode",
  dialCodeWrong: "Ein Einwahlcode hat neun Ziffern.",
  goOn: "Weiter",
  waitingTitle: "Sie warten auf Einlass",
  waitingText:
    "Die Leitung weiß, dass Sie da sind. Bis Sie eingelassen werden, sehen und hören Sie die Besprechung nicht, und sie sieht und hört Sie nicht.",
  waitingForHostTitle: "Sie warten auf die Leitung",
  waitingForHostText: "Die Leitung ist noch nicht da. Lassen Sie diese Seite offen: Es geht von selbst weiter, sobald sie kommt.",
  onlyYouSeeThis: "Das sehen nur Sie",
  stopWaiting: "Nicht mehr warten",
};
