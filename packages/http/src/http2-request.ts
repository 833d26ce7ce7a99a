import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";

import { headerBytesMax } from "./http-options.ts";
import type { RequestUnderWay } from "./requests-under-way.ts";

/** What a stream's sender asks, with its body once that is there. */
export class Http2Request implements RequestUnderWay {
  isWhole = false;
  readonly #stream: ServerHttp2Stream;
  readonly #headers: IncomingHttpHeaders;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    this.#stream = stream;
    this.#headers = headers;
  }

  giveWay(): void {
    const stream = this.#stream;
    if (stream.headersSent) {
      stream.destroy(new Error("its room is another's")); // a close would end an answer as if it were whole
      return;
    }
    if (!stream.destroyed) stream.respond({ ":status": 408 });
    stream.close(constants.NGHTTP2_CANCEL);
  }

  /**
   * Undefined: the sender is gone. 413: the rest of the body was not read.
   *
   * @returns a status, where no app is to be asked
   */
  async read(
    bodyBytesMax: number,
    signal: AbortSignal,
  ): Promise<Request | 400 | 413 | 431 | undefined> {
    // Before the client has agreed to our settings, Node itself lets more pass.
    if (sizeOf(this.#headers) > headerBytesMax) return 431;
    const target = targetOf(this.#headers);
    if (target === undefined) return 400;
    const body = await this.#body(bodyBytesMax);
    if (body === undefined || body === 413) return body;
    this.isWhole = true;
    const { ":method": method = "GET" } = this.#headers;
    try {
      return new Request(target, {
        method,
        headers: fieldsOf(this.#headers, body.length),
        signal,
        ...(body.length === 0 ? {} : { body: body as Uint8Array<ArrayBuffer> }),
      });
    } catch {
      return 400;
    }
  }

  #body(bytesMax: number): Promise<Uint8Array | 413 | undefined> {
    const stream = this.#stream;
    const parts: Uint8Array[] = [];
    let size = 0;
    return new Promise((resolve) => {
      const take = (part: Uint8Array): void => {
        size += part.length;
        if (size <= bytesMax) parts.push(part);
        else {
          stream.off("data", take).pause();
          resolve(413);
        }
      };
      stream.on("data", take);
      stream.once("end", () => resolve(parts.length === 1 ? parts[0] : Buffer.concat(parts)));
      stream.once("close", () => resolve(undefined));
    });
  }
}

function sizeOf(headers: IncomingHttpHeaders): number {
  let size = 0;
  for (const name of Object.keys(headers)) size += name.length + String(headers[name]).length;
  return size;
}

/** Undefined: it names no address, or nothing there. */
function targetOf(headers: IncomingHttpHeaders): string | undefined {
  const { ":path": path, ":scheme": scheme, ":authority": authority = headers.host } = headers;
  if (path === undefined || authority === undefined || !path.startsWith("/")) return undefined;
  return `${scheme === "https" ? "https" : "http"}://${authority}${path}`;
}

function fieldsOf(headers: IncomingHttpHeaders, bodyBytes: number): [string, string][] {
  const fields: [string, string][] = [];
  if (headers["content-length"] === undefined && bodyBytes > 0)
    fields.push(["content-length", String(bodyBytes)]);
  const { ":authority": authority } = headers;
  // An app looks for it there; what is said otherwise beside it does not count.
  if (authority !== undefined) fields.push(["host", authority]);
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(":") || value === undefined) continue;
    if (name === "host" && authority !== undefined) continue;
    fields.push([name, Array.isArray(value) ? value.join(", ") : value]);
  }
  return fields;
}
