import type { files as english } from "../en/files.ts";

export const files: typeof english = {
  attachFile: "Datei anhängen",
  dropForEveryone: "Dateien hier ablegen, um sie an alle zu senden",
  dropForOne: (name) => `Dateien hier ablegen, um sie nur an ${name} zu senden`,

  fileSending: (percent) => `Wird verschlüsselt und gesendet · ${percent} %`,
  fileReceiving: (percent) => `Wird empfangen und entschlüsselt · ${percent} %`,
  filePaused: (percent) => `Angehalten · ${percent} %`,
  fileQueued: "Wartet, bis andere Dateien gesendet sind",
  fileWaiting: "Keine Verbindung. Geht von selbst weiter, sobald sie wieder da ist.",
  sendingProgress: (name) => `${name} wird gesendet`,
  receivingProgress: (name) => `${name} wird empfangen`,
  pauseFile: (name) => `${name} anhalten`,
  resumeFile: (name) => `Mit ${name} weitermachen`,
  cancelFile: (name) => `${name} abbrechen`,
  downloadFile: (name) => `${name} herunterladen`,
  viewPicture: (name) => `${name} ansehen`,
  sharedPicture: "Geteiltes Bild",
  chooseFile: "Datei auswählen",

  notReceived: (reason) => `Nicht empfangen: ${reason}`,
  reasonChanged:
    "Die Datei hat sich geändert oder lässt sich nicht mehr lesen. Noch einmal gesendet, beginnt sie von vorn.",
  reasonTooLarge: "Die Datei ist größer, als diese Appliance annimmt.",
  reasonOverLimit: "Die Datei ist größer als 2 GB.",
  reasonStorageFull: "Die Appliance hat keinen Platz dafür.",
  reasonTooManyFiles: "Sie senden zu viele Dateien auf einmal. Warten Sie auf eine, oder brechen Sie eine ab.",
  reasonFileGone: "Die Datei ist nicht mehr da.",
  reasonDamaged: "Die Datei ist beschädigt oder wurde unterwegs verändert. Nichts davon wurde behalten.",
  reasonNoRoom:
    "Auf diesem Gerät ist kein Platz dafür. Ein privates Fenster nimmt Dateien von bis zu 256 MB.",
  reasonInterrupted: "Die Seite wurde neu geladen. Wählen Sie dieselbe Datei noch einmal aus, um fortzufahren.",
  reasonUnknown: "Etwas ist schiefgegangen.",

  mayRunPrograms: "Dateien dieser Art können Programme ausführen. Öffnen Sie sie nur, wenn Sie sie erwartet haben.",
  unreadableFile: "Eine Datei wurde geteilt, die sich nicht lesen lässt",
  pictureReceiving: "Wird empfangen und entschlüsselt …",
  pictureNotShown: "Dieses Bild lässt sich hier nicht zeigen. Laden Sie es stattdessen herunter.",
  deleteFileTitle: "Diese Datei löschen?",
  deleteFileText: "Die Datei ist für alle weg, hier und auf der Appliance. Kopien, die jemand gespeichert hat, bleiben dort.",

  fileStarts: (name) => `${name} wird gesendet.`,
  fileSent: (name) => `${name} wurde gesendet.`,
  fileNotSent: (name) => `${name} wurde nicht gesendet.`,
  fileReceived: (name) => `${name} wurde empfangen.`,
  fileNotReceived: (name) => `${name} wurde nicht empfangen.`,
  shared: (name) => `${name} hat eine Datei geteilt.`,
  twoShared: (first, second) => `${first} und ${second} haben Dateien geteilt.`,
  manyShared: (count) => `${count} Personen haben Dateien geteilt.`,
};
