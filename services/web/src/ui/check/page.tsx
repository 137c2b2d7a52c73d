import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { texts } from "../../i18n/index.ts";
import { Icon } from "../icons.tsx";
import { Page } from "../page.tsx";
import { buildHash } from "../version.ts";
import { PROBES, type Probe } from "./probes.ts";

interface Outcome {
  readonly works: boolean;
  readonly measured: string;
}

type Outcomes = ReadonlyMap<string, Outcome>;

/** Looks at what a meeting needs, says what is missing, and what to do. */
export function CheckPage(): JSX.Element {
  const outcomes = useSignal<Outcomes>(new Map());
  const copied = useSignal(false);
  const run = async (): Promise<void> => {
    outcomes.value = new Map();
    copied.value = false;
    for (const probe of PROBES) outcomes.value = new Map([...outcomes.value, [probe.id, await outcomeOf(probe)]]);
  };
  useEffect(() => void run(), []);
  const done = outcomes.value.size === PROBES.length;
  const good = [...outcomes.value.values()].every((outcome) => outcome.works);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(report(outcomes.value));
    copied.value = true;
  };
  return (
    <Page>
      <div class="check">
        <h1>{texts.checkTitle}</h1>
        <p>{texts.checkText}</p>
        <p role="status" class="check-result">
          {!done ? texts.checkRunning : good ? texts.checkGood : texts.checkBad}
        </p>
        <ul class="card check-list">
          {PROBES.map((probe) => (
            <ProbeLine key={probe.id} probe={probe} outcome={outcomes.value.get(probe.id)} />
          ))}
        </ul>
        <p>{texts.checkNotRun}</p>
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

function ProbeLine({ probe, outcome }: { probe: Probe; outcome: Outcome | undefined }): JSX.Element {
  const state = outcome === undefined ? "running" : outcome.works ? "works" : "fails";
  return (
    <li class={`check-line ${state}`} data-probe={probe.id} data-state={state}>
      {outcome !== undefined && <Icon name={outcome.works ? "check" : "warning"} />}
      <div>
        <h2>{probe.name()}</h2>
        {outcome === undefined && <p>{texts.checkRunning}</p>}
        {outcome?.works === true && <p>{outcome.measured === "" ? texts.passed : outcome.measured}</p>}
        {outcome?.works === false && <p>{probe.advice()}</p>}
      </div>
    </li>
  );
}

async function outcomeOf(probe: Probe): Promise<Outcome> {
  try {
    return { works: true, measured: await probe.run() };
  } catch {
    return { works: false, measured: "" };
  }
}

/** The result for support: no address, and of the devices only their names. */
function report(outcomes: Outcomes): string {
  const lines = PROBES.map((probe) => {
    const outcome = outcomes.get(probe.id);
    const state = outcome?.works === true ? texts.passed : texts.failed;
    return [probe.name(), state, outcome?.measured ?? ""].filter((part) => part !== "").join(": ");
  });
  return [texts.version(buildHash.peek() ?? ""), navigator.userAgent, ...lines].join("\n");
}
