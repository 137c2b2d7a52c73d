import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { texts } from "../../i18n/index.ts";
import type { Session } from "../../session/session.ts";
import { DeviceHelp } from "../devicehelp.tsx";
import { Dialog } from "../dialog.tsx";
import { Icon } from "../icons.tsx";
import { SECTIONS } from "./sections.tsx";

/** Everything that a person can set for themselves. What is chosen holds at once. */
export function SettingsDialog({ session, close }: { session: Session; close: () => void }): JSX.Element {
  return (
    <Dialog title={texts.settings} close={close}>
      <DeviceHelp local={session.local} />
      {SECTIONS.map(({ title, Content }) => (
        <section key={title} class="settings-section" aria-label={title}>
          <h3>{title}</h3>
          <Content session={session} />
        </section>
      ))}
    </Dialog>
  );
}

/** Opens them where there is no menu to do so. */
export function SettingsButton({ session }: { session: Session }): JSX.Element {
  const open = useSignal(false);
  return (
    <>
      <button
        type="button"
        class="icon-button"
        aria-label={texts.settings}
        onClick={() => {
          open.value = true;
        }}
      >
        <Icon name="settings" />
      </button>
      {open.value && (
        <SettingsDialog
          session={session}
          close={() => {
            open.value = false;
          }}
        />
      )}
    </>
  );
}
