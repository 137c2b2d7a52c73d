import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import type { Member } from "../crypto/member.ts";
import { texts } from "../i18n/index.ts";
import type { Acquaintances } from "../session/group/acquaintances.ts";
import { Dialog } from "./dialog.tsx";

interface CompareProps {
  readonly acquaintances: Acquaintances;
  readonly member: Member;
  readonly close: () => void;
}

/** The digits that two people compare, and what one of them says about it afterwards. */
export function CompareDialog({ acquaintances, member, close }: CompareProps): JSX.Element {
  const digits = useSignal<readonly string[]>([]);
  useEffect(() => {
    void acquaintances.fingerprint(member).then((blocks) => {
      digits.value = blocks;
    });
  }, [acquaintances, member]);
  const name = member.displayName;
  const standing = acquaintances.standings.value.get(member.participantId);
  const verify = (): void => {
    void acquaintances.verify(member);
    close();
  };
  return (
    <Dialog
      title={texts.compareWith(name)}
      close={close}
      actions={
        standing !== "verified" && (
          <button type="button" class="button primary" disabled={digits.value.length === 0} onClick={verify}>
            {texts.markVerified}
          </button>
        )
      }
    >
      <p>{standing === "changed" ? texts.compareChanged(name) : texts.compareText(name)}</p>
      {digits.value.length === 0 ? <p role="status">{texts.comparing}</p> : <Digits blocks={digits.value} />}
    </Dialog>
  );
}

/** Digits in blocks of five, three to a line, read out as they stand. */
export function Digits({ blocks }: { blocks: readonly string[] }): JSX.Element {
  return (
    <p class="digits">
      {blocks.map((block, index) => (
        <span key={index}>{block} </span>
      ))}
    </p>
  );
}
