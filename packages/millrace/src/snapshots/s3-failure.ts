import { SnapshotError } from "@millrace/state";

import { elementIn } from "./s3-listing.ts";
import type { S3Answer, S3Request } from "./s3-request.ts";

/** Why a request came to nothing. */
export interface S3Failure {
  readonly error: SnapshotError;
  readonly mayPass: boolean;
}

/** What an answer says that is none of 2xx; undefined: that an object is not there. */
export function refusalOf(request: S3Request, { status, body }: S3Answer): S3Failure | undefined {
  const xml = new TextDecoder().decode(body.subarray(0, 10_000));
  const code = elementIn(xml, "Code");
  if (status === 404 && code !== "NoSuchBucket") return undefined;
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

export function failureOf(
  { method, url }: S3Request,
  reason: string,
  { mayPass, cause }: { readonly mayPass: boolean; readonly cause?: unknown },
): S3Failure {
  const message = `${method} ${url}: ${reason}`;
  return { error: new SnapshotError("SNAPSHOT_STORE_FAILED", message, cause), mayPass };
}
