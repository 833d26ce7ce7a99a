import type { Broker } from "@millrace/broker";
import type { ClusterClient } from "@millrace/cluster";

import { withWriters } from "./processes/observe-commits.ts";
import { writingStoresEarly } from "./write-stores-early.ts";

type BrokerOptions = Parameters<typeof Broker.start>[1];

/** A bug that is put in through ports and options, to show that it is found. */
export interface Plant {
  readonly name: PlantName | "none";
  readonly durability?: BrokerOptions["durability"];
  readonly isEndTransactionEpochAccepted?: BrokerOptions["isEndTransactionEpochAccepted"];
  /** The timers of a task fire once more after it was closed. */
  readonly areTimersKept?: boolean;
  readonly cluster?: (cluster: ClusterClient) => ClusterClient;
}

export type PlantName =
  | "ack-before-fsync"
  | "store-before-end"
  | "old-epoch-on-end"
  | "timer-after-close";

export const noPlant: Plant = { name: "none" };

export const plants: readonly (Plant & { readonly name: PlantName })[] = [
  // The page cache counts, while what is checked is what `group` promises.
  { name: "ack-before-fsync", durability: "os" },
  // The engine batch is written, and only then is the transaction ended.
  { name: "store-before-end", cluster: (cluster) => withWriters(cluster, writingStoresEarly) },
  // Whoever once had the transactional id may end what its successor has begun.
  { name: "old-epoch-on-end", isEndTransactionEpochAccepted: () => true },
  // A task that was moved away, or was rebuilt, goes on telling what its timer counts.
  { name: "timer-after-close", areTimersKept: true },
];
