import type { Platform } from "@millrace/platform";
import type { SnapshotStore } from "@millrace/state";

import { openSnapshotPlace } from "./s3-place.ts";

/** Places for snapshots that are named by a URL, with the credentials of this process. */
export function openSnapshots(
  url: string,
  platform: Pick<Platform, "timers">,
): SnapshotStore | undefined {
  return openSnapshotPlace(url, platform, process.env);
}
