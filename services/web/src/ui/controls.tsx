import type { JSX } from "preact";

import { texts } from "../i18n/index.ts";
import type { Session } from "../session/session.ts";
import { Icon, type IconName } from "./icons.tsx";
import { leave } from "./leaving.ts";
import { More } from "./more.tsx";
import { ReactControl } from "./reactions/reactions.tsx";
import type { PanelName, View } from "./view.ts";
import { isPhone } from "./width.ts";

interface ControlProps {
  readonly icon: IconName;
  readonly name: string;
  readonly label: string;
  readonly style?: "on" | "off" | "leave" | undefined;
  /** Drawn beside the icon, as no part of the visible label; `description` says it in words. */
  readonly badge?: number | undefined;
  readonly description?: string | undefined;
  /** Whether the badge tells of something to do. */
  readonly hot?: boolean | undefined;
  /** Of one that opens a panel: whether it is open. */
  readonly expanded?: boolean | undefined;
  readonly press: () => void;
}

function Control({ icon, name, label, style, badge, description, hot, expanded, press }: ControlProps): JSX.Element {
  return (
    <button
      type="button"
      class={`control ${style ?? ""}`}
      aria-label={name}
      aria-description={description}
      aria-expanded={expanded}
      onClick={press}
    >
      <Icon name={icon} />
      <span>{label}</span>
      {badge !== undefined && <span class={hot === true ? "badge hot" : "badge"} data-count={badge} />}
    </button>
  );
}

/** The control bar: what one sends, leaving, and the panels. A control's name says what pressing it does. */
export function Controls({ session, view }: { session: Session; view: View }): JSX.Element {
  return (
    <footer id="controls" class="controls" aria-label={texts.controls}>
      <span class="controls-side" />
      <div class="controls-group">
        <SentControls session={session} />
        {isPhone.value ? (
          <>
            <PeopleControl session={session} view={view} />
            <ChatControl session={session} view={view} />
          </>
        ) : (
          <>
            <HandControl session={session} />
            <ReactControl session={session} />
          </>
        )}
        <More session={session} view={view} />
        <Control
          icon="leave"
          name={texts.leaveMeeting}
          label={texts.labelLeave}
          style="leave"
          press={() => leave(session, view)}
        />
      </div>
      {!isPhone.value && <PanelControls session={session} view={view} />}
    </footer>
  );
}

function SentControls({ session }: { session: Session }): JSX.Element {
  const { local } = session;
  const microphoneOn = local.microphoneOn.value;
  const cameraOn = local.camera.value !== undefined;
  const sharing = local.screen.value !== undefined;
  return (
    <>
      <Control
        icon={microphoneOn ? "microphone" : "microphoneOff"}
        name={microphoneOn ? texts.muteMicrophone : texts.unmuteMicrophone}
        label={microphoneOn ? texts.labelMute : texts.labelUnmute}
        style={microphoneOn ? undefined : "off"}
        press={() => void local.setMicrophone(!microphoneOn)}
      />
      <Control
        icon={cameraOn ? "camera" : "cameraOff"}
        name={cameraOn ? texts.turnCameraOff : texts.turnCameraOn}
        label={cameraOn ? texts.labelCameraOff : texts.labelCameraOn}
        style={cameraOn ? undefined : "off"}
        press={() => void local.setCamera(!cameraOn)}
      />
      {!isPhone.value && (
        <Control
          icon="screen"
          name={sharing ? texts.stopSharing : texts.shareScreen}
          label={sharing ? texts.labelStopSharing : texts.labelShare}
          style={sharing ? "on" : undefined}
          press={() => void local.setScreen(!sharing)}
        />
      )}
    </>
  );
}

function HandControl({ session }: { session: Session }): JSX.Element {
  const raised = session.self.value?.handRaiseTime !== undefined;
  return (
    <Control
      icon="hand"
      name={raised ? texts.lowerHand : texts.raiseHand}
      label={texts.labelHand}
      style={raised ? "on" : undefined}
      press={() => void session.setHand(!raised)}
    />
  );
}

function PanelControls({ session, view }: { session: Session; view: View }): JSX.Element {
  return (
    <div class="controls-side controls-panels" role="group" aria-label={texts.panels}>
      <PeopleControl session={session} view={view} />
      <ChatControl session={session} view={view} />
      <PanelControl view={view} panel="security" icon="shield" label={texts.labelSecurity} />
    </div>
  );
}

type PanelControlProps = Pick<ControlProps, "icon" | "label" | "badge" | "description" | "hot"> & {
  readonly view: View;
  readonly panel: PanelName;
};

function PanelControl({ view, panel, label, ...shown }: PanelControlProps): JSX.Element {
  const open = view.panel.value === panel;
  return (
    <Control
      {...shown}
      name={label}
      label={label}
      style={open ? "on" : undefined}
      expanded={open}
      press={() => view.togglePanel(panel)}
    />
  );
}

function PeopleControl({ session, view }: { session: Session; view: View }): JSX.Element {
  const present = session.roster.value?.participants.length ?? 0;
  const waiting = session.roster.value?.waiting.length ?? 0;
  return (
    <PanelControl
      view={view}
      panel="people"
      icon="people"
      label={texts.labelPeople}
      badge={waiting > 0 ? waiting : present}
      description={waiting > 0 ? texts.waitingCount(waiting) : texts.peopleHere(present)}
      hot={waiting > 0}
    />
  );
}

function ChatControl({ session, view }: { session: Session; view: View }): JSX.Element {
  const unread = session.content.chat.unread.value + session.content.polls.unread.value;
  return (
    <PanelControl
      view={view}
      panel="chat"
      icon="chat"
      label={texts.labelChat}
      badge={unread > 0 ? unread : undefined}
      description={unread > 0 ? texts.unread(unread) : undefined}
      hot={unread > 0}
    />
  );
}
