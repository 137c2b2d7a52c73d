/** RFC 5545 section 3.1: a line has at most 75 octets, its end not counted. */
const LINE_OCTETS = 75;

/** One meeting in a calendar. */
export interface CalendarEvent {
  /** Unique in the world. */
  readonly uid: string;
  /** When the file was made, milliseconds since the Unix epoch. */
  readonly stampMs: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly title: string;
  readonly description: string;
  readonly url: string;
}

/** An iCalendar file (RFC 5545) with one event, for import or to be attached to a mail. */
export function calendarFile(event: CalendarEvent): string {
  const lines = [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//Conclave//Conclave//EN",
    "METHOD:PUBLISH",
    "BEGIN:VEVENT",
    `UID:${text(event.uid)}`,
    `DTSTAMP:${time(event.stampMs)}`,
    `DTSTART:${time(event.startMs)}`,
    `DTEND:${time(event.endMs)}`,
    `SUMMARY:${text(event.title)}`,
    `DESCRIPTION:${text(event.description)}`,
    `LOCATION:${text(event.url)}`,
    `URL:${event.url}`,
    // The link lets its bearer in: it is not for calendars that others read.
    "CLASS:PRIVATE",
    "END:VEVENT",
    "END:VCALENDAR",
  ];
  return lines.map((line) => `${fold(line)}\r\n`).join("");
}

/** Section 3.3.5, form 2: UTC. */
function time(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, "");
}

/** Section 3.3.11. */
function text(value: string): string {
  return value.replace(/[\\;,]/g, "\\$&").replace(/\r\n|\r|\n/g, "\\n");
}

/** Breaks a line that is too long, never inside a character. */
function fold(line: string): string {
  const encoder = new TextEncoder();
  const parts: string[] = [];
  let part = "";
  let octets = 0;
  for (const character of line) {
    const size = encoder.encode(character).length;
    if (octets + size > LINE_OCTETS) {
      parts.push(part);
      part = " "; // A line that goes on begins with a space, which counts.
      octets = 1;
    }
    part += character;
    octets += size;
  }
  return [...parts, part].join("\r\n");
}
