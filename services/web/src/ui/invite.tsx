import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import type { RoomLink } from "../gen/conclave/v1/rooms_pb.js";
import { texts } from "../i18n/index.ts";
import { groupDialCode } from "../protocol/dialcode.ts";
import type { Session } from "../session/session.ts";
import { CalendarForm } from "./calendarform.tsx";
import { Dialog } from "./dialog.tsx";
import { Icon } from "./icons.tsx";
import { QrCode } from "./qrcode.tsx";

/** How others come into the room: its own link, as text and as a QR code, its dial code, and a calendar file. */
export function InviteDialog({ session, close }: { session: Session; close: () => void }): JSX.Element {
  const link = useSignal<RoomLink | undefined | "asked">("asked");
  useEffect(() => {
    void session.hosting.link().then((told) => {
      link.value = told;
    });
  }, [session, link]);
  const name = session.room.value?.displayName ?? "";
  return (
    <Dialog title={texts.inviteTitle(name)} close={close}>
      {link.value === "asked" ? (
        <p role="status">{texts.connecting}</p>
      ) : link.value === undefined ? (
        <p role="status">{texts.noRoomLink}</p>
      ) : (
        <Link link={link.value} roomName={name} />
      )}
    </Dialog>
  );
}

function Link({ link, roomName }: { link: RoomLink; roomName: string }): JSX.Element {
  return (
    <div class="invite">
      <CopyField url={link.url} />
      <div class="invite-codes">
        <QrCode text={link.url} name={texts.qrCode} />
        <div>
          <p class="invite-label">{texts.dialCode}</p>
          <p class="invite-dial">{groupDialCode(link.dialCode)}</p>
          <p class="person-line">{texts.dialCodeWhere(location.host)}</p>
        </div>
      </div>
      <CalendarForm link={link} roomName={roomName} />
    </div>
  );
}

function CopyField({ url }: { url: string }): JSX.Element {
  const copied = useSignal(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(url);
      copied.value = true;
    } catch {
      document.querySelector<HTMLInputElement>("#invite-link")?.select(); // The person copies it themselves.
    }
  };
  return (
    <div>
      <label class="field" for="invite-link">
        {texts.roomLink}
      </label>
      <div class="invite-copy">
        <input id="invite-link" class="input" readOnly value={url} onFocus={(event) => event.currentTarget.select()} />
        <button type="button" class="button primary" onClick={() => void copy()}>
          <Icon name="copy" />
          {texts.copyLink}
        </button>
      </div>
      <p class="person-line" role="status">
        {copied.value ? texts.linkCopied : texts.linkBearer}
      </p>
    </div>
  );
}
