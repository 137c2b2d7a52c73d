/** Protection and recording. */
export const security = {
  managedTitle: "Managed: the appliance can read",
  managedText: "Encrypted on the way. The appliance can read what is said and shown here.",
  endToEndTitle: "End-to-end encrypted",
  endToEndText: "Only the people in the meeting can see and hear it. The server can't.",
  notRecorded: "Not recorded",
  notRecordedText: "No recording is made. Kept: who met and when.",
  security: (protection: string, recording: string) => `Security: ${protection}; ${recording}`,
  securityTitle: "Security",
};
