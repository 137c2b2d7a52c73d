import type { devices as english } from "../en/devices.ts";

export const devices: typeof english = {
  microphone: "Mikrofon",
  speaker: "Lautsprecher",
  camera: "Kamera",
  sharing: "Freigabe",
  settings: "Einstellungen",

  weHearYou: "Wir hören Sie",
  weDoNotHearYou: "Wir hören Sie noch nicht",
  cameraIsOff: "Ihre Kamera ist aus",
  noMicrophone: "Kein Mikrofon",
  noCamera: "Keine Kamera",
  hiddenDevices: "Vom Browser verborgen",
  systemOutput: "Die Ausgabe des Systems",
  unnamedDevice: (number) => `Gerät ${number}`,
  playTestTone: "Testton abspielen",
  testToneFailed: "Der Browser hat ihn nicht abgespielt. Prüfen Sie den Lautsprecher und versuchen Sie es noch einmal.",
  speakerFixed: "Dieser Browser spielt auf der Ausgabe des Systems. Wählen Sie dort eine andere.",

  microphoneBlocked: "Der Browser blockiert Ihr Mikrofon.",
  microphoneMissing: "Es wurde kein Mikrofon gefunden. Sie können beitreten und zuhören.",
  microphoneBusy:
    "Ein anderes Programm verwendet Ihr Mikrofon. Schließen Sie es dort und heben Sie dann die Stummschaltung auf.",
  microphoneStopped: "Ihr Mikrofon hat aufgehört. Versuchen Sie es noch einmal oder wählen Sie ein anderes.",
  microphoneWithheld: "Ihr Mikrofon gibt keinen Ton. Sein Schalter oder das System hat es vielleicht abgeschaltet.",
  cameraBlocked: "Der Browser blockiert Ihre Kamera.",
  cameraMissing: "Es wurde keine Kamera gefunden. Sie können ohne Kamera beitreten.",
  cameraBusy: "Ein anderes Programm verwendet Ihre Kamera. Schließen Sie sie dort und schalten Sie sie dann ein.",
  cameraStopped: "Ihre Kamera hat aufgehört. Versuchen Sie es noch einmal oder wählen Sie eine andere.",
  cameraWithheld: "Ihre Kamera gibt kein Bild. Ihr Schalter oder das System hat sie vielleicht abgeschaltet.",
  bothBlocked: "Der Browser blockiert Ihre Kamera und Ihr Mikrofon.",
  bothMissing: "Es wurden weder Kamera noch Mikrofon gefunden. Sie können beitreten, zusehen und zuhören.",
  tryAgain: "Erneut versuchen",
  howToAllow: "So erlauben Sie es",
  joinWithout: "Sie können auch ohne beitreten und es später erlauben.",
  allowInChromium:
    "Drücken Sie das Symbol links der Adresse, schalten Sie Kamera und Mikrofon ein und versuchen Sie es noch einmal.",
  allowInFirefox:
    "Drücken Sie das durchgestrichene Symbol links der Adresse, entfernen Sie die Sperre und versuchen Sie es noch einmal.",
  allowInSafari:
    "Öffnen Sie das Menü Safari, dann Einstellungen für diese Website. Erlauben Sie Kamera und Mikrofon und versuchen Sie es noch einmal.",
  allowOnAndroid:
    "Drücken Sie das Symbol links der Adresse, dann Berechtigungen. Erlauben Sie Kamera und Mikrofon und versuchen Sie es noch einmal.",
  allowOnIphone:
    "Drücken Sie das Symbol neben der Adresse, dann Website-Einstellungen. Erlauben Sie Kamera und Mikrofon und versuchen Sie es noch einmal.",
  allowInSystem:
    "Sind sie dort schon erlaubt, erlauben Sie sie dem Browser in den Datenschutz-Einstellungen des Systems.",

  microphoneNow: (name) => `Ihr Mikrofon hat gewechselt. Sie verwenden: ${name}`,
  cameraNow: (name) => `Ihre Kamera hat gewechselt. Sie verwenden: ${name}`,
  speakerNow: "Ihr Lautsprecher wurde entfernt. Sie hören die Besprechung auf der Ausgabe des Systems.",
  dismiss: "Ausblenden",
  youAreMuted: "Sie sind stumm",
  youAreMutedHow: "Halten Sie die Leertaste, um zu sprechen.",
  youAreSharing: "Sie geben Ihren Bildschirm frei",

  blurBackground: "Meinen Hintergrund unscharf machen",
  blurBackgroundText:
    "Alles außer Ihnen wird unscharf, auf diesem Gerät. Bis das gelingt, sehen die anderen Ihr ganzes Bild unscharf.",
  blurImpossible: "Dieser Browser kann das nicht. Verwenden Sie ein aktuelles Chrome, Edge oder Firefox.",
  blurTooSlow:
    "Die Hintergrundunschärfe wurde abgeschaltet: Dieser Computer ist dafür zu langsam. Auch Ihre Kamera wurde abgeschaltet, damit niemand Ihren Raum sieht.",
  blurFailed:
    "Die Hintergrundunschärfe wurde abgeschaltet: Sie funktioniert auf diesem Computer nicht. Auch Ihre Kamera wurde abgeschaltet, damit niemand Ihren Raum sieht.",

  noiseSuppression: "Geräusche unterdrücken",
  echoCancellation: "Echo unterdrücken",
  autoGainControl: "Lautstärke selbst anpassen",
  holdSpaceToTalk: "Leertaste halten, um stummgeschaltet zu sprechen",
  screenContent: "Was Sie freigeben, ist meist",
  sharpText: "Scharfer Text",
  sharpTextHint: "Folien, Dokumente, Code: Jeder Buchstabe bleibt scharf.",
  shareSharpText: "Als scharfen Text freigeben",
  shareSmoothMotion: "Als flüssige Bewegung freigeben",
  smoothMotion: "Flüssige Bewegung",
  smoothMotionHint: "Filme, Animationen: Bewegung bleibt flüssig.",
};
