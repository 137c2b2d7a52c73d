import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { texts } from "../../i18n/index.ts";
import type { Session } from "../../session/session.ts";
import { Icon } from "../icons.tsx";
import type { View } from "../view.ts";
import { sendFiles } from "./attach.tsx";

/** Takes files that are dropped anywhere on the meeting; while one is held over it, says whom it would go to. */
export function DropGround({ session, view }: { session: Session; view: View }): JSX.Element | null {
  const isOver = useSignal(false);
  useEffect(() => {
    const over = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault(); // Otherwise the browser would open the file in place of the meeting.
      isOver.value = true;
      if (event.dataTransfer !== null) event.dataTransfer.dropEffect = "copy";
    };
    const left = (event: DragEvent): void => {
      if (event.relatedTarget === null) isOver.value = false;
    };
    const dropped = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      isOver.value = false;
      sendFiles(session, event.dataTransfer?.files ?? []);
      view.panel.value = "chat";
    };
    addEventListener("dragover", over);
    addEventListener("dragleave", left);
    addEventListener("drop", dropped);
    return () => {
      removeEventListener("dragover", over);
      removeEventListener("dragleave", left);
      removeEventListener("drop", dropped);
    };
  }, [session, view]);
  const addressee = session.content.chat.addressee.value;
  if (!isOver.value) return null;
  return (
    <div class="drop-ground">
      <p>
        <Icon name="paperclip" />
        {addressee === undefined ? texts.dropForEveryone : texts.dropForOne(addressee.name)}
      </p>
    </div>
  );
}

function hasFiles({ dataTransfer }: DragEvent): boolean {
  return dataTransfer?.types.includes("Files") === true;
}
