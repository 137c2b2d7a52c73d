import type { ComponentChildren, JSX } from "preact";

import { texts } from "../i18n/index.ts";
import { Brand } from "./icons.tsx";
import { CheckLink } from "./check/link.tsx";
import { UpdateBanner } from "./update.tsx";
import { buildHash } from "./version.ts";

/** The frame of every page outside the meeting. */
export function Page({ children, actions }: { children: ComponentChildren; actions?: ComponentChildren }): JSX.Element {
  return (
    <div class="page">
      <header class="page-bar">
        <span class="brand">
          <Brand />
          {texts.product}
        </span>
        <span class="page-host">{location.host}</span>
        {actions}
      </header>
      <UpdateBanner />
      <main class="page-main">{children}</main>
      <footer class="page-foot">
        <CheckLink />
        <Version />
      </footer>
    </div>
  );
}

/** Which build this page is, so that anybody can compare it with the published one. */
function Version(): JSX.Element | null {
  const hash = buildHash.value;
  if (hash === undefined) return null;
  return (
    <span class="version" title={hash}>
      {texts.version(`${hash.slice(0, 12)}…`)}
    </span>
  );
}
