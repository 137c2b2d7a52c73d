import type { devices as english } from "../en/devices.ts";

export const devices: Partial<typeof english> = {
  microphoneBlocked:
    "Der Browser blockiert Ihr Mikrofon. Erlauben Sie es in der Adressleiste und heben Sie dann die Stummschaltung auf.",
  microphoneMissing: "Es wurde kein Mikrofon gefunden. Sie können beitreten und zuhören.",
  microphoneBusy:
    "Ein anderes Programm verwendet Ihr Mikrofon. Schließen Sie es dort und heben Sie dann die Stummschaltung auf.",
  cameraBlocked: "Der Browser blockiert Ihre Kamera. Erlauben Sie sie in der Adressleiste und schalten Sie sie dann ein.",
  cameraMissing: "Es wurde keine Kamera gefunden. Sie können ohne Kamera beitreten.",
  cameraBusy: "Ein anderes Programm verwendet Ihre Kamera. Schließen Sie sie dort und schalten Sie sie dann ein.",
};
