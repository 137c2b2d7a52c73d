/** Cameras, microphones and speakers. */
export const devices = {
  microphoneBlocked: "Your microphone is blocked by the browser. Allow it in the address bar, then unmute.",
  microphoneMissing: "No microphone was found. You can join and listen.",
  microphoneBusy: "Another program uses your microphone. Close it there, then unmute.",
  cameraBlocked: "Your camera is blocked by the browser. Allow it in the address bar, then turn it on.",
  cameraMissing: "No camera was found. You can join without one.",
  cameraBusy: "Another program uses your camera. Close it there, then turn it on.",
};
