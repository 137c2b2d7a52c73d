import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import type { RoomLink } from "../gen/conclave/v1/rooms_pb.js";
import { texts } from "../i18n/index.ts";
import { calendarFile } from "../protocol/calendar.ts";
import { groupDialCode } from "../protocol/dialcode.ts";
import { Icon } from "./icons.tsx";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const LENGTHS = [15, 30, 45, 60, 90, 120];

/** Makes a calendar file of a meeting in the room. */
export function CalendarForm({ link, roomName }: { link: RoomLink; roomName: string }): JSX.Element {
  const start = useSignal(asInput(Math.ceil(Date.now() / HOUR_MS) * HOUR_MS));
  const minutes = useSignal(60);
  const startMs = new Date(start.value).getTime();
  const download = (event: Event): void => {
    event.preventDefault();
    if (Number.isNaN(startMs)) return;
    const file = calendarFile({
      uid: `${crypto.randomUUID()}@conclave`,
      stampMs: Date.now(),
      startMs,
      endMs: startMs + minutes.value * MINUTE_MS,
      title: roomName,
      description: `${texts.dialCode}: ${groupDialCode(link.dialCode)}`,
      url: link.url,
    });
    save(`${link.room.replace(/^rooms\//, "")}.ics`, file);
  };
  return (
    <form class="invite-calendar" onSubmit={download}>
      <label class="field">
        {texts.meetingStart}
        <input
          class="input"
          type="datetime-local"
          required
          value={start.value}
          onInput={(event) => {
            start.value = event.currentTarget.value;
          }}
        />
      </label>
      <label class="field">
        {texts.meetingLength}
        <select
          class="input"
          value={minutes.value}
          onChange={(event) => {
            minutes.value = Number(event.currentTarget.value);
          }}
        >
          {LENGTHS.map((length) => (
            <option key={length} value={length}>
              {texts.minutes(length)}
            </option>
          ))}
        </select>
      </label>
      <button type="submit" class="button outline">
        <Icon name="calendar" />
        {texts.calendarFile}
      </button>
    </form>
  );
}

/** A moment as a datetime-local field takes it: local time, to the minute. */
function asInput(ms: number): string {
  return new Date(ms - new Date(ms).getTimezoneOffset() * MINUTE_MS).toISOString().slice(0, 16);
}

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/calendar;charset=utf-8" }));
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(url), MINUTE_MS); // The browser reads it after the click.
}
