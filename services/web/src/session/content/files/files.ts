import { signal } from "@preact/signals";

import type { Request } from "../../../protocol/connection.ts";
import type { Clock } from "../../../protocol/ports.ts";
import { ContentKind } from "../../../gen/conclave/v1/content_pb.js";
import type { ContentChannel, ContentReader, Received } from "../channel.ts";
import { Downloads } from "./downloads.ts";
import { httpFiles } from "./http.ts";
import type { FileNews, TellFileNews } from "./news.ts";
import { previewOf } from "./preview.ts";
import { privateFiles } from "./privatefiles.ts";
import { saveAsDownload } from "./saving.ts";
import { Uploads } from "./uploads.ts";

/** The files that go out of this page and come to it. Which there are, the chat shows. */
export class Files implements ContentReader {
  readonly uploads: Uploads;
  readonly downloads: Downloads;
  /** What has become of one of them last. */
  readonly news = signal<FileNews | undefined>(undefined);

  constructor(channel: ContentChannel, request: Request, clock: Clock) {
    const tell: TellFileNews = (news) => (this.news.value = news);
    const [transport, makePlace, save] = [httpFiles, privateFiles.make, saveAsDownload];
    this.uploads = new Uploads({ request, channel, clock, transport, preview: previewOf }, tell);
    this.downloads = new Downloads({ request, clock, transport, makePlace, save }, tell);
    channel.addReader(this);
  }

  /** A file was taken back: what has come of it goes. */
  received({ record }: Received): void {
    if (record.kind === ContentKind.FILE && record.deletion !== 0) {
      for (const fileId of record.fileIds) this.downloads.gone(fileId);
    }
  }

  /** The client is back: what waited for the network goes on. */
  entered(): void {
    this.uploads.connected();
    this.downloads.connected();
  }

  close(): void {
    this.uploads.close();
    this.downloads.close();
  }
}
