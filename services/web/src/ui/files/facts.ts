import { FileDamaged } from "../../crypto/files/open.ts";
import { FileChanged } from "../../crypto/files/seal.ts";
import { ErrorCode } from "../../gen/conclave/v1/signalling_pb.js";
import { language, texts } from "../../i18n/index.ts";
import { SignallingError } from "../../protocol/errors.ts";
import { endingOf } from "../../session/content/files/names.ts";
import { NoRoom } from "../../session/content/files/place.ts";
import { TransferRefused } from "../../session/content/files/transport.ts";
import { RecipientMissing } from "../../session/content/seal.ts";

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
const STEP = 1000;
/** An ending longer than this says nothing about a file's kind. */
const LONGEST_KIND = 5;

/** A number of octets, as people write it. */
export function sizeText(octets: number): string {
  const place = octets < STEP ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(octets) / 3));
  const unit = UNITS[place] ?? "byte";
  const unitDisplay = unit === "byte" ? "long" : "short"; // The short one has no plural.
  const style = { style: "unit", unit, unitDisplay, maximumFractionDigits: 1 } as const;
  const format = new Intl.NumberFormat(language === "de" ? "de" : "en", style);
  return format.format(octets / STEP ** place);
}

/** What a file is: its kind, as its ending has it, and its size. */
export function factsOf({ name, size }: { readonly name: string; readonly size: number }): string {
  const ending = endingOf(name);
  const kind = ending.length <= LONGEST_KIND ? ending.toUpperCase() : "";
  return [kind, sizeText(size)].filter((each) => each !== "").join(" · ");
}

/** Why a file did not get where it should, in words. recipient: the one person it is for; empty for everybody. */
export function reasonFor(error: Error, recipient = ""): string {
  if (error instanceof FileChanged) return texts.reasonChanged;
  if (error instanceof FileDamaged) return texts.reasonDamaged;
  if (error instanceof NoRoom) return texts.reasonNoRoom;
  if (error instanceof RecipientMissing) return texts.reasonNoKey(recipient);
  if (error instanceof TransferRefused) return REFUSED[error.status]?.() ?? texts.reasonUnknown;
  if (error instanceof SignallingError) return ANSWERED[error.code]?.() ?? error.message;
  return texts.reasonUnknown;
}

const REFUSED: Readonly<Record<number, () => string>> = {
  413: () => texts.reasonTooLarge,
  507: () => texts.reasonStorageFull,
};

const ANSWERED: Readonly<Partial<Record<ErrorCode, () => string>>> = {
  [ErrorCode.FILE_TOO_LARGE]: () => texts.reasonTooLarge,
  [ErrorCode.STORAGE_FULL]: () => texts.reasonStorageFull,
  [ErrorCode.TOO_MANY_UPLOADS]: () => texts.reasonTooManyFiles,
  [ErrorCode.FILE_GONE]: () => texts.reasonFileGone,
};
