import type { people as english } from "../en/people.ts";

export const people: Partial<typeof english> = {
  joined: (name) => `${name} ist beigetreten.`,
  gone: (name) => `${name} ist gegangen.`,
  peopleTitle: "Personen",
  inTheMeeting: "In der Besprechung",
  host: "Leitung",
  endMeeting: "Besprechung für alle beenden",
  endMeetingTitle: (room) => `${room} für alle beenden?`,
  endMeetingText: "Alle verlassen die Besprechung sofort, und wer wartet, wird abgewiesen.",
  peopleHere: (count) => (count === 1 ? "1 Person" : `${count} Personen`),
};
