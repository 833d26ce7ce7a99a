import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";

import { messageOf } from "@millrace/model";

import type { HttpApp, RefuseRequest } from "./guard.ts";
import { headerBytesMax } from "./http-options.ts";
import { Http2Request } from "./http2-request.ts";
import type { RequestsUnderWay } from "./requests-under-way.ts";

/** Belong to a connection of HTTP/1.1; HTTP/2 forbids them. */
const ofConnections: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "http2-settings",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);

export interface AnsweringParts {
  readonly app: HttpApp;
  readonly refuse: RefuseRequest;
  readonly work: RequestsUnderWay;
  readonly bodyBytesMax: number;
}

/**
 * Answers a request of HTTP/2. A reader that is slow has the app's answer wait: no more of it is taken than is sent. Never
 * rejects: an answer that cannot be told breaks off.
 */
export async function answerStream(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  parts: AnsweringParts,
): Promise<void> {
  try {
    await answered(stream, headers, parts);
  } catch (error) {
    stream.destroy(error instanceof Error ? error : new Error(messageOf(error)));
  }
}

async function answered(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  parts: AnsweringParts,
): Promise<void> {
  const { work } = parts;
  const request = new Http2Request(stream, headers);
  const isTaken = work.begin(request);
  const leaving = new AbortController();
  let isAnswered = false;
  stream.once("close", () => {
    // An abort makes an error with its stack: a tenth of what a small answer costs.
    if (!isAnswered) leaving.abort();
    work.end(request);
  });
  const response = isTaken
    ? await responseTo(request, leaving.signal, parts)
    : parts.refuse(503, "too many requests at once; try again");
  if (response === undefined || stream.destroyed || stream.headersSent) {
    await response?.body?.cancel();
    return;
  }
  stream.respond({ ":status": response.status, ...headersOf(response) });
  await sendBody(stream, headers[":method"] === "HEAD" ? null : response.body);
  isAnswered = true;
  if (request.isWhole) return;
  // It was answered without its whole body: nothing more of it is wanted. What has come must be read for a stream to end.
  stream.resume();
  stream.close(constants.NGHTTP2_NO_ERROR);
}

async function responseTo(
  asked: Http2Request,
  signal: AbortSignal,
  { app, refuse, bodyBytesMax }: AnsweringParts,
): Promise<Response | undefined> {
  const request = await asked.read(bodyBytesMax, signal);
  if (request === undefined) return undefined;
  switch (request) {
    case 400:
      return refuse(400, "the request names nothing here");
    case 413:
      return refuse(413, `the body is larger than ${bodyBytesMax} bytes`);
    case 431:
      return refuse(431, `the headers are larger than ${headerBytesMax} bytes`);
  }
  try {
    return await app.fetch(request);
  } catch {
    return refuse(500, "the request failed");
  }
}

function headersOf({ headers: given }: Response): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of given)
    if (!ofConnections.has(name)) headers[name] = name === "set-cookie" ? [] : value;
  if ("set-cookie" in headers) headers["set-cookie"] = given.getSetCookie();
  return headers;
}

async function sendBody(
  stream: ServerHttp2Stream,
  body: ReadableStream<Uint8Array> | null,
): Promise<void> {
  if (body === null) {
    stream.end();
    return;
  }
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || stream.destroyed) break;
      if (!stream.write(value)) await drained(stream);
    }
    if (!stream.destroyed) stream.end();
  } catch (error) {
    // A close would end it as if it were whole.
    stream.destroy(error instanceof Error ? error : new Error(messageOf(error)));
  } finally {
    await reader.cancel().catch(() => {}); // it has ended, or nobody is there to take it
  }
}

/** Or closed. */
function drained(stream: ServerHttp2Stream): Promise<void> {
  if (stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off("drain", done);
      stream.off("close", done);
      resolve();
    };
    stream.once("drain", done);
    stream.once("close", done);
  });
}
