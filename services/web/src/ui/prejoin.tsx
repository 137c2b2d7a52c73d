import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { texts } from "../i18n/index.ts";
import { canEncrypt } from "../session/group/protection.ts";
import type { Session } from "../session/session.ts";
import { Consent } from "./consent.tsx";
import { NameForm } from "./nameform.tsx";
import { Page } from "./page.tsx";
import { Preview, PreviewDevices } from "./preview.tsx";
import { isRecorded } from "./protection.ts";
import { SecurityCard } from "./security.tsx";
import { SettingsButton } from "./settings/settings.tsx";

/** Before the meeting: what it is, how one looks, and under which name one joins. */
export function Prejoin({ session }: { session: Session }): JSX.Element {
  const room = session.room.value;
  const typed = useSignal("");
  const asked = useSignal<string | undefined>(undefined);
  const join = (name: string): void => {
    if (room !== undefined && isRecorded(room)) asked.value = name;
    else void session.join(name);
  };
  const name = asked.value;
  return (
    <Page actions={<SettingsButton session={session} />}>
      <div class={name === undefined ? "prejoin" : "prejoin asking"}>
        <Preview local={session.local}>
          {name === undefined ? <PreviewDevices local={session.local} /> : <p class="hint">{texts.nothingSentYet}</p>}
        </Preview>
        <section class="prejoin-form">
          {room === undefined ? (
            <p role="status">{texts.connecting}</p>
          ) : name !== undefined ? (
            <Consent
              agree={() => {
                asked.value = undefined;
                void session.join(name);
              }}
              decline={() => {
                asked.value = undefined;
              }}
            />
          ) : (
            <>
              <div>
                <p class="lead">{texts.invitedTo}</p>
                <h1>{room.displayName === "" ? room.name.replace(/^rooms\//, "") : room.displayName}</h1>
              </div>
              <SecurityCard room={room} heading="h2" />
              {session.protection.isOn.value && !canEncrypt() ? (
                <p class="problem" role="status">
                  {texts.cantEncryptTitle}. {texts.cantEncryptText}
                </p>
              ) : (
                <NameForm session={session} typed={typed} join={join} />
              )}
            </>
          )}
        </section>
      </div>
    </Page>
  );
}
