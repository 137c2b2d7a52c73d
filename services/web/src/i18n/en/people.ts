/** Who is there, and who may come in. */
export const people = {
  joined: (name: string) => `${name} joined.`,
  gone: (name: string) => `${name} left.`,
  peopleTitle: "People",
  inTheMeeting: "In the meeting",
  host: "Host",
  peopleHere: (count: number) => (count === 1 ? "1 person" : `${count} people`),
  endMeeting: "End meeting for everyone",
  endMeetingTitle: (room: string) => `End ${room} for everyone?`,
  endMeetingText: "Everybody is taken out at once, and whoever waits is sent away.",
};
