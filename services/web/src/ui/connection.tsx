import type { JSX } from "preact";

import { texts } from "../i18n/index.ts";
import type { LinkFigures } from "../media/linkstatistics.ts";
import type { Level, QualityReason } from "../media/quality.ts";
import type { Session } from "../session/session.ts";
import { Bars } from "./bars.tsx";
import { CheckLink } from "./check/link.tsx";
import { Dialog } from "./dialog.tsx";

/** A level in words. */
export function levelText(level: Level): string {
  return { good: texts.connectionGood, weak: texts.connectionWeak, poor: texts.connectionPoor }[level];
}

function reasonText(reason: QualityReason): string {
  switch (reason) {
    case "none":
      return texts.qualityNone;
    case "lossUp":
      return texts.qualityLossUp;
    case "lossDown":
      return texts.qualityLossDown;
    case "delay":
      return texts.qualityDelay;
    case "jitter":
      return texts.qualityJitter;
    case "freezes":
      return texts.qualityFreezes;
    case "bandwidthUp":
      return texts.qualityBandwidthUp;
    case "computer":
      return texts.qualityComputer;
  }
}

/** What stands in place of the quality while there is none. */
function absence(session: Session): string | undefined {
  if (!session.online.value) return texts.reconnecting;
  const media = session.media.state.value;
  if (media === "connected") return undefined;
  return media === "interrupted" ? texts.reconnecting : texts.mediaConnecting;
}

/** How good the connection is, in words and bars; opens what it is judged by. */
export function ConnectionMark({ session, open }: { session: Session; open: () => void }): JSX.Element {
  const absent = absence(session);
  const { level } = session.link.quality.value;
  return (
    <button type="button" class={`top-state ${absent === undefined ? level : "absent"}`} onClick={open}>
      <Bars level={absent === undefined ? level : undefined} />
      <span>{absent ?? levelText(level)}</span>
    </button>
  );
}

/** What the quality is judged by, and what helps. */
export function ConnectionDialog({ session, close }: { session: Session; close: () => void }): JSX.Element {
  const { level, reason } = session.link.quality.value;
  const figures = session.link.figures.value;
  return (
    <Dialog title={texts.connectionTitle} close={close}>
      <div class="connection">
        <h3>{absence(session) ?? levelText(level)}</h3>
        {figures !== undefined && <p>{reasonText(reason)}</p>}
        {level !== "good" && reason !== "computer" && <p>{texts.qualityAdvice}</p>}
        {figures !== undefined && <Figures figures={figures} />}
        <CheckLink />
      </div>
    </Dialog>
  );
}

function Figures({ figures }: { figures: LinkFigures }): JSX.Element {
  const transport = { udp: texts.transportUdp, tcp: texts.transportTcp };
  const roundTrip = figures.roundTripMs;
  const rows: [string, string][] = [
    [texts.figureRoundTrip, roundTrip === undefined ? texts.notKnown : texts.milliseconds(Math.round(roundTrip))],
    [texts.figureLossUp, texts.percentLost((figures.lossUp * 100).toFixed(1))],
    [texts.figureLossDown, texts.percentLost((figures.lossDown * 100).toFixed(1))],
    [texts.figureJitter, texts.milliseconds(Math.round(figures.jitterMs))],
    [texts.figureSending, texts.kilobits(Math.round(figures.sending / 1000))],
    [texts.figureReceiving, texts.kilobits(Math.round(figures.receiving / 1000))],
    [texts.figureTransport, figures.transport === undefined ? texts.notKnown : transport[figures.transport]],
  ];
  return (
    <dl class="connection-figures">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
