import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { texts } from "../../i18n/index.ts";
import { canChooseSpeaker, type Loudspeaker } from "../../media/loudspeaker.ts";

/** Plays a tone where the meeting would be heard. */
export function TestTone({ loudspeaker }: { loudspeaker: Loudspeaker }): JSX.Element {
  const playing = useSignal(false);
  const failed = useSignal(false);
  const play = async (): Promise<void> => {
    playing.value = true;
    failed.value = false;
    try {
      await loudspeaker.playTestTone();
    } catch {
      failed.value = true; // The browser says no more than that.
    }
    playing.value = false;
  };
  const line = failed.value ? texts.testToneFailed : canChooseSpeaker() ? undefined : texts.speakerFixed;
  return (
    <div class="test-tone">
      <button type="button" class="button outline" aria-busy={playing.value} disabled={playing.value} onClick={() => void play()}>
        {texts.playTestTone}
      </button>
      {line !== undefined && (
        <p class="hint" role="status">
          {line}
        </p>
      )}
    </div>
  );
}
