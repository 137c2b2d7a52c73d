/** Before the meeting. */
export const before = {
  yourName: "Your name",
  joinMeeting: "Join meeting",
  joining: "Joining…",
  nameNeeded: "Say who you are, so that the others know.",
  preview: "Your camera and microphone",
  connecting: "Connecting…",
  waitingForAppliance: "The appliance does not answer. Trying again…",
  invitedTo: "You are invited to",
};
