import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { texts } from "../../i18n/index.ts";
import type { Invitation } from "../../protocol/connection.ts";
import { Icon } from "../icons.tsx";
import { Page } from "../page.tsx";
import { buildHash } from "../version.ts";
import type { Finding, Findings } from "./finding.ts";
import { NETWORK_LINES, tryNetwork } from "./network.ts";
import { findingOf, PROBES } from "./probes.ts";

const LINES: readonly { readonly id: string; readonly name: () => string }[] = [...PROBES, ...NETWORK_LINES];

/** Looks at what a meeting needs, says what is missing, and what to do. With an invite, the network is tried as its guest. */
export function CheckPage({ invitation }: { invitation: Invitation | undefined }): JSX.Element {
  const findings = useSignal<Findings>(new Map());
  const copied = useSignal(false);
  const run = async (): Promise<void> => {
    findings.value = new Map();
    copied.value = false;
    for (const probe of PROBES) findings.value = new Map([...findings.value, [probe.id, await findingOf(probe)]]);
    findings.value = new Map([...findings.value, ...(await tryNetwork(invitation))]);
  };
  useEffect(() => void run(), []);
  const done = findings.value.size === LINES.length;
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(report(findings.value));
    copied.value = true;
  };
  return (
    <Page>
      <div class="check">
        <h1>{texts.checkTitle}</h1>
        <p>{texts.checkText}</p>
        <p role="status" class="check-result">
          {done ? verdict(findings.value) : texts.checkRunning}
        </p>
        <ul class="card check-list">
          {LINES.map(({ id, name }) => (
            <Line key={id} id={id} name={name()} finding={findings.value.get(id)} />
          ))}
        </ul>
        <div class="check-actions">
          <button type="button" class="button outline" disabled={!done} onClick={() => void run()}>
            {texts.checkAgain}
          </button>
          <button type="button" class="button primary" disabled={!done} onClick={() => void copy()}>
            {texts.checkCopy}
          </button>
          <span role="status">{copied.value ? texts.checkCopied : ""}</span>
        </div>
      </div>
    </Page>
  );
}

const ICONS = { works: "check", limited: "warning", fails: "close", untried: "more" } as const;

function Line({ id, name, finding }: { id: string; name: string; finding: Finding | undefined }): JSX.Element {
  const state = finding?.state ?? "running";
  return (
    <li class={`check-line ${state}`} data-probe={id} data-state={state}>
      {finding !== undefined && <Icon name={ICONS[finding.state]} />}
      <div>
        <h2>{name}</h2>
        <p>{finding?.text ?? texts.checkRunning}</p>
      </div>
    </li>
  );
}

function verdict(findings: Findings): string {
  const states = new Set([...findings.values()].map((finding) => finding.state));
  if (states.has("fails")) return texts.checkBad;
  if (states.has("untried")) return texts.checkIncomplete;
  return states.has("limited") ? texts.checkLimited : texts.checkGood;
}

/** The result for support: no address, and of the devices only their names. */
function report(findings: Findings): string {
  const lines = LINES.map(({ id, name }) => `${name()}: ${stateName(findings.get(id))}: ${findings.get(id)?.text ?? ""}`);
  return [texts.version(buildHash.peek() ?? ""), navigator.userAgent, ...lines].join("\n");
}

function stateName(finding: Finding | undefined): string {
  const names = { works: texts.passed, limited: texts.limited, fails: texts.failed, untried: texts.untried };
  return names[finding?.state ?? "untried"];
}
