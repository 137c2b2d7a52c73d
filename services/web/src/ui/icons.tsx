import type { JSX } from "preact";

/** Outlines on a 24 grid; a slash from top left to bottom right means off. */
const OUTLINES = {
  microphone: ["M9 6a3 3 0 0 1 6 0v5a3 3 0 0 1-6 0z", "M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3"],
  microphoneOff: [
    "M9 9.5V11a3 3 0 0 0 4.7 2.5M15 10V6a3 3 0 0 0-5.8-1M5.5 11.5a6.5 6.5 0 0 0 9.9 5.6M18.5 11.5c0 .9-.2 1.7-.5 2.5M12 18v3M4 4l16 16",
  ],
  camera: ["M5 6.5h8.500a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2z", "m15.5 10.5 5-3v9l-5-3"],
  cameraOff: [
    "M5.5 6.5H5a2 2 0 0 0-2 2v7a2 2 0 0 0 2 2h8.500a2 2 0 0 0 1.8-1.100M10 6.500h3.500a2 2 0 0 1 2 2v2l5-3v9l-2-1.200M4 4l16 16",
  ],
  screen: [
    "M5 4.500h14a2 2 0 0 1 2 2V15a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V6.500a2 2 0 0 1 2-2z",
    "M9 20.500h6M12 14V8M9.2 10.5 12 7.800l2.8 2.7",
  ],
  leave: [
    "M3.5 14.500c-.6-1.6.3-3.2 2-4 4-2 9-2 13 0 1.7.8 2.6 2.4 2 4l-.4 1a1 1 0 0 1-1.3.6l-3-1.100a1 1 0 0 1-.6-1.100l.2-1.500c-2.2-.8-4.6-.8-6.8 0l.2 1.500a1 1 0 0 1-.6 1.100l-3 1.100a1 1 0 0 1-1.3-.6z",
  ],
  managed: [
    "M5 4h14a1 1 0 0 1 1 1v5a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zM5 13h14a1 1 0 0 1 1 1v5a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1v-5a1 1 0 0 1 1-1z",
    "M7.500 7.500h.01M7.500 16.500h.01M11 7.500h6M11 16.500h6",
  ],
  shieldKeyhole: [
    "M12 3 4.5 5.800v5.400c0 4.6 3 8 7.5 9.8 4.5-1.8 7.5-5.2 7.5-9.800V5.800z",
    "M12 7.800a1.900 1.900 0 1 1 0 3.800a1.900 1.900 0 1 1 0-3.800M12 11.600v4.2",
  ],
  notRecorded: ["M12 8a4 4 0 1 1 0 8a4 4 0 1 1 0-8M4 4l16 16"],
  noConnection: [
    "M2.5 9a14 14 0 0 1 4.2-2.700M10.5 5.100A14 14 0 0 1 21.5 9M5.7 12.500a9.5 9.5 0 0 1 3.7-2.200M14.5 10.300a9.5 9.5 0 0 1 3.8 2.200M9 16a4.600 4.600 0 0 1 6 0M12 19.500v.01M3.500 3.500l17 17",
  ],
  enlarge: ["M9 4H4v5M15 4h5v5M9 20H4v-5M15 20h5v-5"],
  shrink: ["M4 9h5V4M20 9h-5V4M4 15h5v5M20 15h-5v5"],
  warning: ["M12 4 2.800 19.500h18.400zM12 10v4.500M12 17v.01"],
  close: ["M6 6l12 12M18 6 6 18"],
  check: ["m5 12.500 4.500 4.500L19 7.500"],
  keyboard: [
    "M4.500 6h15a1.500 1.500 0 0 1 1.500 1.500v9a1.500 1.500 0 0 1-1.500 1.500h-15A1.500 1.500 0 0 1 3 16.500v-9A1.500 1.500 0 0 1 4.500 6z",
    "M7 10h.01M10.300 10h.01M13.700 10h.01M17 10h.01M8 14h8",
  ],
  more: ["M12 6h.01M12 12h.01M12 18h.01"],
  people: [
    "M9 5a3.500 3.500 0 1 1 0 7a3.500 3.500 0 1 1 0-7M2.500 19.500c.5-3.400 3.100-5.500 6.500-5.500s6 2.100 6.500 5.500",
    "M16 5.300a3.500 3.500 0 0 1 0 6.400M18 14.500c2 .8 3.200 2.600 3.500 5",
  ],
  exit: ["M10 4H6a1.500 1.500 0 0 0-1.500 1.500v13A1.500 1.500 0 0 0 6 20h4M15 8l4 4-4 4M19 12H9.500"],
  list: ["M8.500 6.500h12M8.500 12h12M8.500 17.500h12M4 6.500h.01M4 12h.01M4 17.500h.01"],
  padlock: [
    "M6.700 10h10.600a2.200 2.200 0 0 1 2.200 2.200v6.600a2.200 2.200 0 0 1-2.200 2.200H6.700a2.200 2.200 0 0 1-2.200-2.200v-6.600A2.200 2.200 0 0 1 6.700 10z",
    "M8 10V7.200a4 4 0 0 1 8 0V10",
  ],
  shield: ["M12 3 4.500 5.800v5.400c0 4.600 3 8 7.500 9.800 4.500-1.800 7.500-5.200 7.500-9.800V5.800z"],
} as const;

export type IconName = keyof typeof OUTLINES;

/** A decorative outline; whatever it says is said in words beside it. */
export function Icon({ name, size = "m" }: { name: IconName; size?: "s" | "m" | "l" }): JSX.Element {
  return (
    <svg class={`icon icon-${size}`} viewBox="0 0 24 24" aria-hidden="true">
      {OUTLINES[name].map((outline) => (
        <path key={outline} d={outline} />
      ))}
    </svg>
  );
}

/** The product's mark: a key in a ring. */
export function Brand(): JSX.Element {
  return (
    <svg class="brand-mark" viewBox="0 0 28 28" aria-hidden="true">
      <rect class="brand-ground" width="28" height="28" rx="7" />
      <path class="brand-line" d="M19.6 9.4a7.2 7.2 0 1 0 0 9.2M14 10.7a1.9 1.9 0 1 1 0 3.8a1.9 1.9 0 1 1 0-3.8M14 14.5v3.6" />
    </svg>
  );
}
