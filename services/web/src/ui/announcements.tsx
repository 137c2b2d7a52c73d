import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { texts } from "../i18n/index.ts";
import type { FileNews } from "../session/content/files/news.ts";
import { remembered } from "../session/preferences.ts";
import type { Session } from "../session/session.ts";
import { ANNOUNCEMENT_LEVELS, Announcer, type AnnouncementLevel } from "./announcer.ts";
import { newsBetween, type Situation } from "./news.ts";
import { signOf } from "./reactions/signs.ts";
import { securityText } from "./security.tsx";
import type { View } from "./view.ts";

const isLevel = (value: unknown): value is AnnouncementLevel => ANNOUNCEMENT_LEVELS.some((level) => level === value);
export const announcementLevel = remembered<AnnouncementLevel>("announcements", "all", isLevel);

/** What happens in the meeting, said to screen readers. */
export function Announcements({ session, view }: { session: Session; view: View }): JSX.Element {
  const calm = useSignal("");
  const urgent = useSignal("");
  const announcer = useRef(new Announcer(() => announcementLevel.peek())).current;
  const timer = useRef<number | undefined>(undefined);
  const speak = (): void => {
    clearTimeout(timer.current);
    const now = performance.now();
    for (let said = announcer.poll(now); said !== undefined; said = announcer.poll(now)) {
      const place = said.urgent ? urgent : calm;
      // The same words again are news only when they differ: a space that nobody hears.
      place.value = place.peek() === said.text ? `${said.text}\u00a0` : said.text;
    }
    const next = announcer.nextTimeoutMs();
    if (next !== undefined) timer.current = window.setTimeout(speak, Math.max(0, next - now));
  };
  useEffect(() => () => clearTimeout(timer.current), []);

  const situation = useComputed(() => situationOf(session));
  const before = useRef(situation.peek());
  useSignalEffect(() => {
    const news = newsBetween(before.current, situation.value);
    before.current = situation.value;
    for (const each of news) announcer.hear(each);
    speak();
  });
  const answered = useRef(view.speakersAsked.peek());
  useSignalEffect(() => {
    if (view.speakersAsked.value === answered.current) return;
    answered.current = view.speakersAsked.value;
    announcer.hear({ kind: "speakers", names: speakersIn(session) });
    speak();
  });
  const heard = useRef(session.content.chat.heard.peek());
  useSignalEffect(() => {
    const line = session.content.chat.heard.value;
    if (line === undefined || line === heard.current) return;
    heard.current = line;
    const toAll = line.file === undefined ? "wrote" : "shared";
    announcer.hear({ kind: line.recipientId === "" ? toAll : "wroteToYou", name: line.senderName });
    speak();
  });
  const carried = useRef(session.content.files.news.peek());
  useSignalEffect(() => {
    const news = session.content.files.news.value;
    if (news === undefined || news === carried.current) return;
    carried.current = news;
    announcer.hear({ kind: "own", text: fileText(news) });
    speak();
  });
  const polled = useRef(session.content.polls.news.peek());
  useSignalEffect(() => {
    const news = session.content.polls.news.value;
    if (news === undefined || news === polled.current) return;
    polled.current = news;
    announcer.hear({ kind: news.kind === "asked" ? "startedPoll" : "closedPoll", name: news.name });
    speak();
  });
  const reacted = useRef(session.content.reactions.shown.peek().at(-1));
  useSignalEffect(() => {
    const reaction = session.content.reactions.shown.value.at(-1);
    if (reaction === undefined || reaction === reacted.current) return;
    reacted.current = reaction;
    const sign = signOf(reaction.sign);
    if (!reaction.own && sign !== undefined) announcer.hear({ kind: "reacted", name: `${reaction.name}: ${sign.text}` });
    speak();
  });
  return (
    <>
      <p class="hidden-text" role="status">
        {calm.value}
      </p>
      <p class="hidden-text" role="alert">
        {urgent.value}
      </p>
    </>
  );
}

function fileText({ kind, name }: FileNews): string {
  switch (kind) {
    case "starts":
      return texts.fileStarts(name);
    case "sent":
      return texts.fileSent(name);
    case "notSent":
      return texts.fileNotSent(name);
    case "received":
      return texts.fileReceived(name);
    case "notReceived":
      return texts.fileNotReceived(name);
  }
}

function situationOf(session: Session): Situation {
  const roster = session.roster.value;
  return {
    selfId: roster?.selfId ?? "",
    participants: roster?.participants ?? [],
    waiting: roster?.waiting ?? [],
    security: securityText(session),
    connected: session.online.value && session.media.state.value !== "interrupted",
  };
}

function speakersIn(session: Session): string[] {
  const roster = session.roster.peek();
  const names = new Map(roster?.participants.map((participant) => [participant.id, participant.displayName]));
  return (roster?.speakerIds ?? []).flatMap((id) => names.get(id) ?? []);
}
