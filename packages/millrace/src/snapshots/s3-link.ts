import { JoinedSignal, type Platform } from "@millrace/platform";
import { SnapshotError } from "@millrace/state";
import { AwsV4Signer } from "aws4fetch";

import { elementIn } from "./s3-listing.ts";

/** One try, until its answer was read. */
const tryMsMax = 60_000;
const triesMax = 5;
/** Before the second try; twice as long before each further one. */
const firstPauseMs = 100;
/** Of an answer: blocks have some MiB, unless one row has more. */
const answerBytesMax = 512 * 2 ** 20;

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of credentials that end. */
  readonly sessionToken?: string;
}

export interface S3LinkOptions {
  readonly region: string;
  readonly credentials: S3Credentials;
  readonly fetch: typeof fetch;
}

export interface S3Request {
  readonly method: "GET" | "PUT" | "DELETE";
  readonly url: string;
  readonly body?: Uint8Array;
  readonly signal: AbortSignal | undefined;
}

interface Failed {
  readonly error: SnapshotError;
  readonly mayPass: boolean;
}

export interface S3Answer {
  readonly status: number;
  readonly body: Uint8Array;
}

/** Sends signed requests; what may pass is tried again, with twice the pause each time. */
export class S3Link {
  readonly #timers: Platform["timers"];
  readonly #options: S3LinkOptions;

  constructor({ timers }: Pick<Platform, "timers">, options: S3LinkOptions) {
    this.#timers = timers;
    this.#options = options;
  }

  /**
   * @returns an answer of 2xx, or 404 of an object that is not there
   * @throws SnapshotError `SNAPSHOT_STORE_FAILED`; the signal's reason
   */
  async send(request: S3Request): Promise<S3Answer> {
    for (let count = 1; ; count++) {
      request.signal?.throwIfAborted();
      const answer = await this.#try(request);
      if (!("error" in answer)) return answer;
      if (!answer.mayPass || count === triesMax) throw answer.error;
      await this.#timers.sleep(firstPauseMs * 2 ** (count - 1), request.signal);
    }
  }

  async #try(request: S3Request): Promise<S3Answer | Failed> {
    const late = new AbortController();
    const timer = this.#timers.after(tryMsMax, () => late.abort());
    const { signal } = request;
    using both = new JoinedSignal(signal, late.signal);
    try {
      const answer = await this.#fetch(request, both.signal);
      const body = await bytesOf(answer);
      return answer.ok ? { status: answer.status, body } : refusal(request, answer.status, body);
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof SnapshotError) throw cause;
      const reason = late.signal.aborted ? `no answer within ${tryMsMax} ms` : rootOf(cause);
      return failureOf(request, reason, { cause, mayPass: true });
    } finally {
      timer.cancel();
    }
  }

  async #fetch({ method, url, body }: S3Request, signal: AbortSignal): Promise<Response> {
    const { region, credentials } = this.#options;
    const signer = new AwsV4Signer({ method, url, service: "s3", region, ...credentials });
    const { headers } = await signer.sign();
    return this.#options.fetch(url, {
      method,
      headers,
      signal,
      redirect: "manual",
      ...(body === undefined ? {} : { body: new Uint8Array(body) }),
    });
  }
}

function refusal(request: S3Request, status: number, body: Uint8Array): S3Answer | Failed {
  const xml = new TextDecoder().decode(body.subarray(0, 10_000));
  const code = elementIn(xml, "Code");
  if (status === 404 && code !== "NoSuchBucket") return { status, body };
  const mayPass = status >= 500 || status === 429 || status === 408;
  const why = code === undefined ? "" : `, ${code}: ${elementIn(xml, "Message") ?? ""}`;
  const advice =
    status === 401 || status === 403
      ? "; see to the credentials, and to what they may do"
      : status >= 300 && status < 400
        ? "; see to the region and the endpoint"
        : "";
  return failureOf(request, `status ${status}${why}${advice}`, { mayPass });
}

function failureOf(
  { method, url }: S3Request,
  reason: string,
  { mayPass, cause }: { readonly mayPass: boolean; readonly cause?: unknown },
): Failed {
  const message = `${method} ${url}: ${reason}`;
  return { error: new SnapshotError("SNAPSHOT_STORE_FAILED", message, cause), mayPass };
}

/** What `fetch` says lies beneath what it throws. */
function rootOf(error: unknown): string {
  let root = error;
  while (root instanceof Error && root.cause instanceof Error) root = root.cause;
  return root instanceof Error ? root.message : String(root);
}

async function bytesOf(answer: Response): Promise<Uint8Array> {
  if (answer.body === null) return new Uint8Array(0);
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of answer.body) {
    parts.push(part);
    length += part.length;
    if (length > answerBytesMax)
      throw new SnapshotError(
        "SNAPSHOT_STORE_FAILED",
        `GET ${answer.url}: the answer has more than ${answerBytesMax} bytes, and is no part of a snapshot`,
      );
  }
  const bytes = new Uint8Array(length);
  let position = 0;
  for (const part of parts) {
    bytes.set(part, position);
    position += part.length;
  }
  return bytes;
}
