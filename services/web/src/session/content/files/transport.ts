import type { Bytes } from "../../../crypto/bytes.ts";

/** The appliance could not be reached, or broke off: worth trying again. */
export class TransferLost extends Error {
  constructor() {
    super("the connection was lost");
    this.name = "TransferLost";
  }
}

/** The token holds no more, or another part is the next one: worth asking anew for both. */
export class TransferOutdated extends Error {
  constructor() {
    super("the transfer has to be taken up anew");
    this.name = "TransferOutdated";
  }
}

/** The appliance will not have it, for a reason that stays. */
export class TransferRefused extends Error {
  readonly status: number;

  /** message: the appliance's own words. */
  constructor(status: number, message: string) {
    super(message);
    this.name = "TransferRefused";
    this.status = status;
  }
}

export interface PartOfFile {
  readonly fileId: string;
  readonly token: Bytes;
  readonly number: number;
  readonly sealed: Bytes;
}

/** Carries the ciphertext of files. Both reject with one of the errors above, or when the signal is aborted. */
export interface FileTransport {
  /** progress: told how many octets of the part are on their way. */
  put(part: PartOfFile, signal: AbortSignal, progress: (octets: number) => void): Promise<void>;
  /** The ciphertext from `offset` to its end, in pieces of any size. */
  read(fileId: string, token: Bytes, offset: number, signal: AbortSignal): AsyncIterable<Bytes>;
}
