import type { PartitionError, TopicDescription } from "@millrace/cluster";

import { ApplicationError } from "../error/application-error.ts";
import type { GlobalStore } from "../topology/global-topology.ts";
import type { GlobalEnvironment } from "./global-environment.ts";

/** Brokers may learn of a topic a moment after it was made. */
const waitMsMax = 2000;
const lookIntervalMs = 200;

/** @throws ApplicationError `MISSING_SOURCE_TOPIC` */
export async function describeGlobalTopics(
  { cluster, platform, globalStores }: GlobalEnvironment,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, TopicDescription>> {
  const wanted = globalStores.map(({ topic }) => topic);
  const startMs = platform.clock.monotonicMs();
  for (;;) {
    const present = await cluster.admin.describeTopics(wanted, signal);
    const missing = globalStores.filter(({ topic }) => !present.has(topic));
    if (missing.length === 0) return present;
    if (platform.clock.monotonicMs() - startMs >= waitMsMax) throw missingTopics(missing);
    await platform.timers.sleep(lookIntervalMs, signal);
  }
}

function missingTopics(stores: readonly GlobalStore[]): ApplicationError {
  const list = stores.map(
    ({ topic, specification: { name } }) => `${topic} (of the global store ${name})`,
  );
  return new ApplicationError(
    "MISSING_SOURCE_TOPIC",
    `the cluster has no topic ${list.join(", no topic ")}. Create what the application reads and writes before it starts.`,
  );
}

/** What it means that the topic of a global store cannot be read on. */
export function globalReadFailure(
  error: PartitionError,
  globalStores: readonly GlobalStore[],
): unknown {
  const { code, topic, partition } = error;
  const store = globalStores.find((one) => one.topic === topic)?.specification.name;
  switch (code) {
    case "TOPIC_NOT_FOUND":
      return new ApplicationError(
        "MISSING_SOURCE_TOPIC",
        `topic ${topic} of the global store ${store} is not there any more: it was deleted while the application read it.`,
        { cause: error },
      );
    case "TOPIC_RECREATED":
    case "OFFSET_OUT_OF_RANGE":
      return new ApplicationError(
        "GLOBAL_STORE_BEHIND",
        `${topic}-${partition} does not have any more what the global store ${store} was to read next: ` +
          `${code === "TOPIC_RECREATED" ? "the topic was deleted and made anew" : "its records were deleted first"}. Start the application again: the store is built anew.`,
        { cause: error },
      );
    default:
      return error;
  }
}
