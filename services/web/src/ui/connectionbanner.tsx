import type { JSX } from "preact";

import { texts } from "../i18n/index.ts";
import type { Session } from "../session/session.ts";
import { Icon } from "./icons.tsx";

/** What is wrong with the connection, told to screen readers too: they watch the place where it appears. */
export function ConnectionBanner({ session }: { session: Session }): JSX.Element {
  const line = brokenLine(session) ?? weakLine(session);
  const paused = line === texts.cameraPaused;
  return (
    <div role="status">
      {line !== undefined && (
        <div class="banner">
          <Icon name="warning" />
          <span>{line}</span>
          {paused && (
            <button type="button" class="banner-action" onClick={() => session.link.sendCameraAnyway()}>
              {texts.sendCameraAnyway}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function brokenLine(session: Session): string | undefined {
  if (!session.online.value) return texts.connectionLost;
  const media = session.media.state.value;
  if (media === "interrupted") return texts.mediaInterrupted;
  return media === "refused" ? texts.mediaRefused : undefined;
}

function weakLine(session: Session): string | undefined {
  const { cameraPaused, receiving } = session.link.austerity.value;
  if (cameraPaused && session.local.camera.value !== undefined) return texts.cameraPaused;
  if (receiving === "all") return undefined;
  return receiving === "small" ? texts.fewerPictures : texts.onePicture;
}
