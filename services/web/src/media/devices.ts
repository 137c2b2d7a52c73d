/** What a person chooses among. */
export type DeviceKind = "microphone" | "speaker" | "camera";
/** What sends; a speaker is only chosen. */
export type CaptureKind = "microphone" | "camera";

/** Which way a telephone's camera looks: at who holds it, or away. */
export type Facing = "user" | "environment";

export interface Device {
  readonly id: string;
  readonly label: string;
  /** Of cameras, where the browser tells it. */
  readonly facing?: Facing;
}
export type DeviceLists = Readonly<Record<DeviceKind, readonly Device[]>>;
export const NO_DEVICES: DeviceLists = { microphone: [], speaker: [], camera: [] };

/** Why a device can't be used: the person or browser said no, there is none, something else holds it, or it stopped. */
export type DeviceProblem = "blocked" | "missing" | "busy" | "stopped";

export type Opened = { readonly track: MediaStreamTrack } | { readonly problem: DeviceProblem };

/** What the browser does to the sound of a microphone. */
export interface SoundProcessing {
  readonly echoCancellation: boolean;
  readonly noiseSuppression: boolean;
  readonly autoGainControl: boolean;
}

/** What is used of a device as the browser lists it; Firefox tells no capabilities. */
export type ListedDevice = Pick<MediaDeviceInfo, "deviceId" | "kind" | "label"> & Partial<Pick<InputDeviceInfo, "getCapabilities">>;

/** The part of `navigator.mediaDevices` that is used; tests give their own. */
export interface MediaPort {
  enumerateDevices(): Promise<readonly ListedDevice[]>;
  getUserMedia(constraints: MediaStreamConstraints): Promise<MediaStream>;
  getDisplayMedia(options: DisplayMediaStreamOptions): Promise<MediaStream>;
  addEventListener(type: "devicechange", listener: () => void): void;
}

const refused = (): Promise<never> => Promise.reject(new DOMException("not a secure page", "NotFoundError"));

/** The browser's devices; none on a page that came over plain http, where the browser gives none. */
export function browserDevices(): MediaPort {
  const devices: MediaPort | undefined = navigator.mediaDevices;
  return devices ?? {
    enumerateDevices: () => Promise.resolve([]),
    getUserMedia: refused,
    getDisplayMedia: refused,
    addEventListener: () => undefined,
  };
}

const KINDS: Readonly<Record<string, DeviceKind>> = {
  audioinput: "microphone",
  audiooutput: "speaker",
  videoinput: "camera",
};

/** What there is. Before permission is given the browser tells one device a kind at most, with neither id nor name. */
export async function listDevices(port: MediaPort): Promise<DeviceLists> {
  const lists: Record<DeviceKind, Device[]> = { microphone: [], speaker: [], camera: [] };
  for (const listed of await port.enumerateDevices()) {
    const ours = KINDS[listed.kind];
    if (ours === undefined) continue;
    const facing = ours === "camera" ? facingOf(listed.getCapabilities?.().facingMode?.[0]) : undefined;
    lists[ours].push({ id: listed.deviceId, label: listed.label, ...(facing && { facing }) });
  }
  return lists;
}

/** As the browser names it; it may also be "left" or "right", which says nothing of whom it shows. */
function facingOf(mode: string | undefined): Facing | undefined {
  return mode === "user" || mode === "environment" ? mode : undefined;
}

/** Whether a camera looks away from whoever uses it: its picture is then no mirror. */
export function looksAway(track: MediaStreamTrack | undefined): boolean {
  return facingOf(track?.getSettings().facingMode) === "environment";
}

const PICTURE: MediaTrackConstraints = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 30, max: 30 },
};

/** id: of the device that is wanted; another is opened where that one is gone, or none is wanted. */
export function openMicrophone(port: MediaPort, id: string, processing: SoundProcessing): Promise<Opened> {
  return openWanted(port, id, (device) => ({ audio: { ...processing, ...device } }));
}

export function openCamera(port: MediaPort, id: string): Promise<Opened> {
  return openWanted(port, id, (device) => ({ video: { ...PICTURE, ...device } }));
}

type Ask = (device: MediaTrackConstraints) => MediaStreamConstraints;

async function openWanted(port: MediaPort, id: string, ask: Ask): Promise<Opened> {
  if (id === "") return open(port, ask({}));
  const wanted = await open(port, ask({ deviceId: { exact: id } }));
  return "problem" in wanted && wanted.problem === "missing" ? open(port, ask({})) : wanted;
}

async function open(port: MediaPort, constraints: MediaStreamConstraints): Promise<Opened> {
  try {
    const stream = await port.getUserMedia(constraints);
    const [track] = stream.getTracks();
    return track === undefined ? { problem: "missing" } : { track };
  } catch (error) {
    return { problem: problemOf(error) };
  }
}

function problemOf(error: unknown): DeviceProblem {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "blocked";
  if (name === "NotReadableError" || name === "AbortError") return "busy";
  return "missing"; // Also OverconstrainedError, which is not a DOMException everywhere: the device asked for is gone.
}
