/** Who is there, and who may come in. */
export const people = {
  joined: (name: string) => `${name} joined.`,
  gone: (name: string) => `${name} left.`,
  peopleTitle: "People",
  inTheMeeting: "In the meeting",
  host: "Host",
};
