import type { JSX } from "preact";

import { texts } from "../i18n/index.ts";
import { Icon } from "./icons.tsx";
import { isOutdated } from "./version.ts";

/** Says that the appliance serves a newer page. It is never reloaded without being asked: that would leave the meeting. */
export function UpdateBanner(): JSX.Element {
  return (
    <div role="status">
      {isOutdated.value && (
        <div class="banner news">
          <Icon name="check" />
          <span>{texts.updated}</span>
          <button type="button" class="banner-action" onClick={() => location.reload()}>
            {texts.reload}
          </button>
        </div>
      )}
    </div>
  );
}
