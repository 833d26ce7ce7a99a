import type { Platform } from "@millrace/platform";
import type { SnapshotStore, StoreEngineProvider } from "@millrace/state";

/** What the package that composes brings for commands that read stores. */
export interface Surroundings {
  /** Opens each folder of a task with the engine that has made it. */
  openEngines(platform: Platform): Promise<StoreEngineProvider>;
  /** Undefined: the URL names no place that it knows. */
  openSnapshots(url: string, platform: Platform): Promise<SnapshotStore | undefined>;
}
