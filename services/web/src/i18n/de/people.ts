import type { people as english } from "../en/people.ts";

export const people: Partial<typeof english> = {
  joined: (name) => `${name} ist beigetreten.`,
  gone: (name) => `${name} ist gegangen.`,
  peopleTitle: "Personen",
  inTheMeeting: "In der Besprechung",
  host: "Leitung",
};
