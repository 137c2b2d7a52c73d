import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { texts } from "../i18n/index.ts";
import type { GroupStatus } from "../session/group/driver.ts";
import type { Session } from "../session/session.ts";
import { Avatar } from "./avatar.tsx";
import { CompareDialog, Digits } from "./compare.tsx";
import { Icon } from "./icons.tsx";
import { Standing, standingOf } from "./standing.tsx";
import { clockTime } from "./time.ts";

/** What the Security panel says of an end-to-end group: its code, and who is verified. */
export function GroupSecurity({ session }: { session: Session }): JSX.Element | null {
  const { protection } = session;
  const status = protection.status.value;
  if (!protection.isOn.value || status.name !== "ready") return null;
  return (
    <>
      <MeetingCode status={status} />
      <People session={session} />
    </>
  );
}

function MeetingCode({ status }: { status: Extract<GroupStatus, { name: "ready" }> }): JSX.Element {
  const copied = useSignal<string | undefined>(undefined);
  const { code, epoch } = status.view;
  const text = code.join(" ");
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    copied.value = text;
  };
  return (
    <section class="security-part">
      <div class="security-part-head">
        <h3>{texts.meetingCode}</h3>
        <span>{texts.codeChanged(Number(epoch), clockTime(status.sinceMs))}</span>
      </div>
      <div class="security-code">
        <Digits blocks={code} />
        <button
          type="button"
          class="icon-button"
          aria-label={texts.copyCode}
          onClick={() => void copy().catch(() => undefined)}
        >
          <Icon name="copy" size="s" />
        </button>
      </div>
      <p class="person-line" role="status">
        {copied.value === text ? texts.codeCopied : texts.codeText}
      </p>
    </section>
  );
}

function People({ session }: { session: Session }): JSX.Element {
  const comparing = useSignal<string | undefined>(undefined);
  const { protection } = session;
  const participants = session.roster.value?.participants ?? [];
  const standings = participants.map(({ id }) => standingOf(session, id));
  const verified = standings.filter((standing) => standing === "verified" || standing === "self").length;
  const compared = protection.members.value.get(comparing.value ?? "");
  const acquaintances = protection.acquaintances.value;
  return (
    <section class="security-part">
      <div class="security-part-head">
        <h3>{texts.whoIsVerified}</h3>
        <span>{texts.verifiedOf(verified, participants.length)}</span>
      </div>
      <ul class="people">
        {participants.map((participant, index) => {
          const standing = standings[index];
          const canCompare = standing !== "self" && standing !== "noKey";
          return (
            <li key={participant.id} class="person">
              <Avatar participant={participant} />
              <div class="person-text">
                <p class="person-name">
                  {participant.displayName}{" "}
                  {participant.id === session.roster.value?.selfId && <span class="person-you">{texts.you}</span>}
                </p>
                {standing !== undefined && <Standing standing={standing} />}
              </div>
              {canCompare && (
                <button
                  type="button"
                  class="button small outline"
                  aria-label={texts.compareWith(participant.displayName)}
                  onClick={() => {
                    comparing.value = participant.id;
                  }}
                >
                  {texts.compareCodes}
                </button>
              )}
            </li>
          );
        })}
      </ul>
      {compared !== undefined && acquaintances !== undefined && (
        <CompareDialog
          acquaintances={acquaintances}
          member={compared}
          close={() => {
            comparing.value = undefined;
          }}
        />
      )}
    </section>
  );
}
