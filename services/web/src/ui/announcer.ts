import { texts } from "../i18n/index.ts";

export const ANNOUNCEMENT_LEVELS = ["all", "important", "none"] as const;
/** Which news is said; changes of security and what the person asked for are said in any case. */
export type AnnouncementLevel = (typeof ANNOUNCEMENT_LEVELS)[number];

/** What can happen to a person that others are told. */
export type PersonalKind =
  | "joined"
  | "left"
  | "waits"
  | "handRaised"
  | "sharingStarted"
  | "sharingStopped"
  | "wrote"
  | "wroteToYou"
  | "shared"
  | "reacted"
  | "startedPoll"
  | "closedPoll";
/** What is worth no words of its own, but makes others untrue. */
export type Withdrawal = "handLowered" | "waitsNoMore";
export type News =
  | { readonly kind: PersonalKind | Withdrawal; readonly name: string }
  /** The page shows and tells that it is lost as long as it is; only its return is said here. */
  | { readonly kind: "connectionLost" | "connectionBack" }
  | { readonly kind: "security"; readonly text: string }
  /** What becomes of something that the person has begun. */
  | { readonly kind: "own"; readonly text: string }
  | { readonly kind: "speakers"; readonly names: readonly string[] };

/** Something to say; what is urgent interrupts. */
export interface Announcement {
  readonly text: string;
  readonly urgent: boolean;
}

/** At most one announcement in this time, so that a full room does not talk a screen reader to death. */
const INTERVAL_MS = 3000;
const IMPORTANT: ReadonlySet<News["kind"]> = new Set([
  "waits",
  "sharingStarted",
  "sharingStopped",
  "connectionBack",
  "wroteToYou",
  "startedPoll",
]);
/** What makes untrue what has not been said yet; then neither is said. */
const TAKES_BACK: Partial<Record<PersonalKind | Withdrawal, PersonalKind>> = {
  left: "joined",
  sharingStopped: "sharingStarted",
  handLowered: "handRaised",
  waitsNoMore: "waits",
};

interface Wording {
  readonly one: (name: string) => string;
  readonly two: (first: string, second: string) => string;
  readonly many: (count: number) => string;
}

/** How each kind is told, in the order in which the kinds are. */
const WORDINGS: readonly (readonly [PersonalKind, Wording])[] = [
  ["waits", { one: texts.waits, two: texts.twoWait, many: texts.manyWait }],
  ["handRaised", { one: texts.raisedHand, two: texts.twoRaisedHands, many: texts.manyRaisedHands }],
  ["sharingStarted", { one: texts.startedSharing, two: texts.twoStartedSharing, many: texts.manyStartedSharing }],
  ["sharingStopped", { one: texts.stoppedSharing, two: texts.twoStoppedSharing, many: texts.manyStoppedSharing }],
  ["wroteToYou", { one: texts.wroteToYou, two: texts.twoWroteToYou, many: texts.manyWroteToYou }],
  ["wrote", { one: texts.wrote, two: texts.twoWrote, many: texts.manyWrote }],
  ["startedPoll", { one: texts.startedPoll, two: texts.twoStartedPolls, many: texts.manyStartedPolls }],
  ["closedPoll", { one: texts.closedPoll, two: texts.twoClosedPolls, many: texts.manyClosedPolls }],
  ["shared", { one: texts.shared, two: texts.twoShared, many: texts.manyShared }],
  ["reacted", { one: texts.reacted, two: texts.twoReacted, many: texts.manyReacted }],
  ["joined", { one: texts.joined, two: texts.twoJoined, many: texts.manyJoined }],
  ["left", { one: texts.gone, two: texts.twoGone, many: texts.manyGone }],
];

/** Turns news into announcements that a person can follow: few, together, and none that is out of date. */
export class Announcer {
  readonly #level: () => AnnouncementLevel;
  readonly #urgent: string[] = [];
  #asked: string | undefined;
  #connection: string | undefined;
  #own: string[] = [];
  #personal: { kind: PersonalKind; name: string }[] = [];
  #quietUntilMs = 0;

  constructor(level: () => AnnouncementLevel) {
    this.#level = level;
  }

  hear(news: News): void {
    switch (news.kind) {
      case "security":
        this.#urgent.push(news.text);
        return;
      case "own":
        this.#own.push(news.text);
        return;
      case "speakers":
        this.#asked = speakersText(news.names);
        return;
      case "connectionLost":
        this.#connection = undefined;
        return;
      case "connectionBack":
        if (this.#isWanted(news.kind)) this.#connection = texts.connectionBack;
        return;
      default:
        this.#hearOf(news.kind, news.name);
    }
  }

  /** What to say now, if anything; ask again until there is nothing. */
  poll(nowMs: number): Announcement | undefined {
    const urgent = this.#urgent.shift();
    if (urgent !== undefined) return { text: urgent, urgent: true };
    if (this.#asked === undefined && nowMs < this.#quietUntilMs) return undefined;
    const text = this.#asked ?? this.#summary();
    if (this.#asked === undefined) this.#forget();
    this.#asked = undefined;
    if (text === "") return undefined;
    this.#quietUntilMs = nowMs + INTERVAL_MS;
    return { text, urgent: false };
  }

  /** When there is something to say; undefined for not before there is more news. */
  nextTimeoutMs(): number | undefined {
    if (this.#urgent.length > 0 || this.#asked !== undefined) return 0;
    return this.#summary() === "" ? undefined : this.#quietUntilMs;
  }

  #hearOf(kind: PersonalKind | Withdrawal, name: string): void {
    // Who writes line after line is named once.
    if (kind.startsWith("wrote") && this.#personal.some((each) => each.kind === kind && each.name === name)) return;
    const unsaid = this.#personal.findIndex((each) => each.kind === TAKES_BACK[kind] && each.name === name);
    if (unsaid >= 0) this.#personal.splice(unsaid, 1);
    else if (kind !== "handLowered" && kind !== "waitsNoMore" && this.#isWanted(kind)) this.#personal.push({ kind, name });
  }

  #isWanted(kind: News["kind"]): boolean {
    const level = this.#level();
    return level === "all" || (level === "important" && IMPORTANT.has(kind));
  }

  #summary(): string {
    const parts = [...(this.#connection === undefined ? [] : [this.#connection]), ...this.#own];
    for (const [kind, wording] of WORDINGS) {
      const names = this.#personal.filter((each) => each.kind === kind).map((each) => each.name);
      if (names.length > 0) parts.push(worded(wording, names));
    }
    return parts.join(" ");
  }

  #forget(): void {
    this.#connection = undefined;
    this.#own = [];
    this.#personal = [];
  }
}

function worded({ one, two, many }: Wording, names: readonly string[]): string {
  const [first = "", second] = names;
  if (names.length > 2) return many(names.length);
  return second === undefined ? one(first) : two(first, second);
}

function speakersText(names: readonly string[]): string {
  const [first, second] = names;
  if (first === undefined) return texts.nobodySpeaks;
  if (second === undefined) return texts.speaks(first);
  return names.length === 2 ? texts.twoSpeak(first, second) : texts.manySpeak(first, second, names.length - 2);
}
