import assert from "node:assert/strict";
import { test } from "node:test";

import { calendarFile, type CalendarEvent } from "../../src/protocol/calendar.ts";

const EVENT: CalendarEvent = {
  uid: "1@conclave",
  stampMs: Date.UTC(2026, 4, 1, 9, 0, 0, 123),
  startMs: Date.UTC(2026, 4, 4, 14, 0),
  endMs: Date.UTC(2026, 4, 4, 15, 30),
  title: "Review",
  description: "Dial code 123 456 789",
  url: "https://meet.example/join#token",
};

/** The content lines, unfolded as RFC 5545 section 3.1 says. */
function linesOf(file: string): string[] {
  return file.replaceAll("\r\n ", "").split("\r\n").slice(0, -1);
}

test("a file has one event with all that RFC 5545 demands, in UTC", () => {
  assert.deepEqual(linesOf(calendarFile(EVENT)), [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//Conclave//Conclave//EN",
    "METHOD:PUBLISH",
    "BEGIN:VEVENT",
    "UID:1@conclave",
    "DTSTAMP:20260501T090000Z",
    "DTSTART:20260504T140000Z",
    "DTEND:20260504T153000Z",
    "SUMMARY:Review",
    "DESCRIPTION:Dial code 123 456 789",
    "LOCATION:https://meet.example/join#token",
    "URL:https://meet.example/join#token",
    "CLASS:PRIVATE",
    "END:VEVENT",
    "END:VCALENDAR",
  ]);
});

test("what has a meaning in the format is escaped in texts", () => {
  const file = calendarFile({ ...EVENT, title: "a,b;c\\d", description: "one\r\ntwo\nBEGIN:VEVENT" });
  assert.ok(linesOf(file).includes("SUMMARY:a\\,b\\;c\\\\d"));
  assert.ok(linesOf(file).includes("DESCRIPTION:one\\ntwo\\nBEGIN:VEVENT"));
});

for (const character of ["x", "é", "語", "🂡"]) {
  test(`every line ends in CRLF and has at most 75 octets, of ${character} too`, () => {
    const title = character.repeat(200);
    const file = calendarFile({ ...EVENT, title });
    assert.ok(file.endsWith("END:VCALENDAR\r\n"));
    for (const line of file.split("\r\n")) {
      assert.ok(!/[\r\n]/.test(line));
      assert.ok(new TextEncoder().encode(line).length <= 75, line);
    }
    // No character was cut in two.
    assert.ok(linesOf(file).includes(`SUMMARY:${title}`));
  });
}
