/** End-to-end protection: its codes, who is verified, and why something cannot be seen. */
export const protection = {
  securing: "Securing the meeting…",
  securingText: "Your device is getting the meeting's keys. Until it has them, nothing of you is sent.",
  securingAgain: "Something didn't fit, so your device is getting new keys. Until it has them, nothing of you is sent.",
  endToEndHere: (people: number) =>
    people === 1
      ? "Only you hold the keys. The server can't read it."
      : `Only the ${people} people here hold the keys. The server can't read it.`,
  meetingCode: "Meeting code",
  codeChanged: (epoch: number, time: string) => `Epoch ${epoch} · changed ${time}`,
  codeText:
    "Read it aloud. If everyone's code matches, nobody sits in between. It changes when people join or leave.",
  copyCode: "Copy meeting code",
  codeCopied: "Meeting code copied",
  whoIsVerified: "Who is verified",
  verifiedOf: (verified: number, all: number) => `${verified} of ${all}`,
  standingVerified: "Verified",
  standingUnverified: "Code not compared",
  standingGuest: "Not verified",
  standingChanged: "Key changed",
  standingNoKey: "No key yet",
  compareCodes: "Compare codes",
  compareWith: (name: string) => `Compare codes with ${name}`,
  compareText: (name: string) =>
    `Ask ${name} to open the same page and read these digits to each other. If they are the same, the two of you hold each other's true keys.`,
  compareChanged: (name: string) =>
    `${name} comes with another key than before: on a new device or browser, or it is somebody else. Compare the digits before you trust it.`,
  comparing: "Working out the digits…",
  markVerified: "Mark as verified",
  waitingForKey: "Waiting for the key",
  justJoined: (name: string) => `${name} just joined. This usually takes a second.`,
  keysChanging: "The keys have just changed. This usually takes a second.",
  stillWaiting: (time: string) => `Still waiting. Asked again at ${time}.`,
  cantDecrypt: "Can't decrypt",
  olderKey: (name: string) => `${name}'s device uses an older key.`,
  notInGroup: "This device isn't a member of the meeting.",
  otherSource: (name: string) => `What arrives isn't ${name}'s, so it isn't shown.`,
  changedOnTheWay: "What arrives was changed on the way, or made with other keys. It isn't shown.",
  sentBefore: "What arrives was sent before. It isn't shown.",
  askAgain: "Ask again",
  unseen: (people: number) =>
    people === 1
      ? "One person can't be seen right now. Their keys are being renewed; you don't need to do anything."
      : `${people} people can't be seen right now. Their keys are being renewed; you don't need to do anything.`,
  keyChangedNews: (name: string) => `${name} comes with another key than before. Compare codes before you trust it.`,

  cantEncryptTitle: "This browser can't do end-to-end encryption",
  cantEncryptText: "Use a current Chrome, Edge, Firefox or Safari.",
  deploymentChangedTitle: "This isn't the appliance that you met before",
  deploymentChangedText:
    "Its identity key has changed, so somebody may sit in between. You have not joined. Ask your administrator: if the appliance was set up anew, remove this site's data from your browser and come again.",
  identityRefusedTitle: "The meeting couldn't be secured",
  identityRefusedText:
    "What the appliance says about you or about the meeting isn't what this page shows. You have left, and nothing of you was sent. Tell your administrator.",
  keysLostText: "The part of this page that holds the keys has stopped again and again. You have left.",
  keysErased: "Your keys",
  keysErasedText: "Your keys for this meeting have been erased from this device.",
};
