import type { Platform } from "@millrace/platform";
import { SnapshotError, type SnapshotStore } from "@millrace/state";

import { s3SnapshotStore } from "./s3-snapshot-store.ts";

/**
 * Opens `s3://bucket/prefix`. What else there is to know comes from the variables that AWS's own tools read:
 * `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION` or `AWS_DEFAULT_REGION`, and
 * `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL` for stores that are not Amazon's.
 *
 * @returns undefined: the URL is of another kind
 * @throws SnapshotError `SNAPSHOT_STORE_UNKNOWN`
 */
export function openSnapshotPlace(
  url: string,
  platform: Pick<Platform, "timers">,
  environment: Readonly<Record<string, string | undefined>>,
): SnapshotStore | undefined {
  if (!url.startsWith("s3://")) return undefined;
  const [, bucket, prefix = ""] = /^s3:\/\/([^/]+)(?:\/(.*?))?\/?$/.exec(url) ?? [];
  if (bucket === undefined)
    throw new SnapshotError("SNAPSHOT_STORE_UNKNOWN", `${url} names no bucket: s3://bucket/prefix`);
  const accessKeyId = environment["AWS_ACCESS_KEY_ID"];
  const secretAccessKey = environment["AWS_SECRET_ACCESS_KEY"];
  if (accessKeyId === undefined || secretAccessKey === undefined)
    throw new SnapshotError(
      "SNAPSHOT_STORE_UNKNOWN",
      `there are no credentials for ${url}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`,
    );
  const sessionToken = environment["AWS_SESSION_TOKEN"];
  const region = environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"];
  const endpoint = environment["AWS_ENDPOINT_URL_S3"] ?? environment["AWS_ENDPOINT_URL"];
  return s3SnapshotStore(platform, {
    bucket,
    prefix,
    credentials: {
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
    },
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
  });
}
