/** The most characters that a file's name has. */
const MAX_NAME = 255;
const NO_NAME = "file";

/** Control characters, and those that turn the direction of what follows: with them a name shows as another one. */
const INVISIBLE = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;
/** What file systems take for something else. */
const FORBIDDEN = /[/\\<>:"|?*]/gu;
/** Names that Windows keeps for devices. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/iu;

/** A name that shows what it is, and names a file in whatever folder it comes to. */
export function cleanName(name: string): string {
  const plain = name
    .normalize("NFC")
    .replace(INVISIBLE, "")
    .replace(FORBIDDEN, "_")
    .replace(/^[\s.]+|[\s.]+$/gu, "")
    .replace(DEVICE, "_$&");
  return plain === "" ? NO_NAME : shortened(plain);
}

/** Cut in the middle, so that the ending stays. */
function shortened(name: string): string {
  const characters = [...name];
  if (characters.length <= MAX_NAME) return name;
  const ending = [...endingOf(name)].slice(-20);
  return [...characters.slice(0, MAX_NAME - ending.length - 1), ".", ...ending].join("");
}

/** What stands after the last dot, in small letters; empty for none. */
export function endingOf(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot <= 0 ? "" : name.slice(dot + 1).toLowerCase();
}

/** Endings of what a system runs, or lets run, when it is opened. */
const PROGRAMS = new Set(
  (
    "app appimage apk bat bin chm cmd com command cpl csh deb desktop dll dmg docm dotm elf exe gadget hta img inf ins iso " +
    "jar jnlp js jse ksh lnk msc msi msix msp mst pif pkg potm ppam ppsm pptm ps1 psm1 py pyw rb reg rpm run scf scr " +
    "sct sh url vb vbe vbs vhd vhdx workflow ws wsf wsh xlam xll xlsm xltm"
  ).split(" "),
);

/** Whether opening such a file may run a program. */
export function isProgram(name: string): boolean {
  return PROGRAMS.has(endingOf(name));
}
