import type { ClusterClient } from "@millrace/cluster";
import type { Platform } from "@millrace/platform";
import type { StoreEngineProvider } from "@millrace/state";

import type { QueryTransport } from "../query/query-transport.ts";
import type { FetchHandler } from "./app-handler.ts";
import type { SnapshotPlaces } from "./open-snapshot-store.ts";
import type { OpenThread } from "./thread-host.ts";

/** What the core is handed by the package that composes. */
export interface StreamsEnvironment {
  readonly platform: Platform;
  readonly cluster: ClusterClient;
  readonly engines: StoreEngineProvider;
  readonly openSnapshots?: SnapshotPlaces["openSnapshots"];
  /** Ends what was made for this application alone, once it is closed or could not start. Twice is fine. */
  readonly dispose?: () => Promise<void>;
  /** True: `closed` is awaited, so that a failure need not be logged besides. */
  readonly isAwaited?: boolean;
  /** Gives each loop a thread of its own; undefined: they share the caller's. */
  readonly openThread?: OpenThread;
  /** Aborts, with the reason, once the cluster is gone for good: the application ends at once, without a last commit. */
  readonly gone?: AbortSignal;
  /** How instances ask each other; absent: they do not. */
  readonly transport?: QueryTransport;
  /** Handed what answers requests, before the group is joined: others may ask as soon as they know of this one. */
  readonly serve?: (handler: FetchHandler) => void;
}
