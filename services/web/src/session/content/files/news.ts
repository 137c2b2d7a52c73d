/** What has become of a file that the person sends or fetches: told once, at its beginning and its end. */
export interface FileNews {
  readonly kind: "starts" | "sent" | "notSent" | "received" | "notReceived";
  readonly name: string;
}

export type TellFileNews = (news: FileNews) => void;
