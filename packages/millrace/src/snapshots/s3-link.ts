import { causesOf, messageOf } from "@millrace/model";
import { JoinedSignal, type Platform } from "@millrace/platform";
import { SnapshotError } from "@millrace/state";
import { AwsV4Signer } from "aws4fetch";

import { failureOf, refusalOf, type S3Failure } from "./s3-failure.ts";
import { answerBytes, type S3Answer, type S3Request } from "./s3-request.ts";

/** One try, until its answer was read. */
const tryMsMax = 60_000;
const triesMax = 5;
/** Before the second try; twice as long before each further one. */
const firstPauseMs = 100;

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

  async #try(request: S3Request): Promise<S3Answer | S3Failure> {
    const late = new AbortController();
    const timer = this.#timers.after(tryMsMax, () => late.abort());
    const { signal } = request;
    using both = new JoinedSignal(signal, late.signal);
    try {
      const answer = await this.#fetch(request, both.signal);
      const body = await answerBytes(answer);
      const told = { status: answer.status, body };
      return (answer.ok ? undefined : refusalOf(request, told)) ?? told;
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

/** What `fetch` says lies beneath what it throws. */
function rootOf(error: unknown): string {
  return messageOf(causesOf(error).at(-1) ?? error);
}
