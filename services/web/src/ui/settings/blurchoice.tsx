import type { JSX } from "preact";

import { texts } from "../../i18n/index.ts";
import { canTakeFrames } from "../../media/blur/frames.ts";
import type { LocalMedia } from "../../session/local.ts";
import { Choice } from "./choice.tsx";

/** Whether everything but the person is blurred. */
export function BlurChoice({ local }: { local: LocalMedia }): JSX.Element {
  const possible = canTakeFrames();
  return (
    <Choice value={local.preferences.blurBackground} disabled={!possible}>
      {texts.blurBackground}
      <span class="hint">{possible ? texts.blurBackgroundText : texts.blurImpossible}</span>
    </Choice>
  );
}
