import type { Broker } from "@millrace/broker";
import type { ClusterClient } from "@millrace/cluster";
import type { StoreEngineProvider } from "@millrace/state";

import { withWriters } from "../processes/observe-commits.ts";
import {
  freshAnswers,
  goingOnForgotten,
  rememberingClients,
  type PlantMemory,
  losingTombstones,
  restoringNothing,
  withoutMetadata,
} from "./broken-clusters.ts";
import { takingAborted, takingOtherKeys } from "./broken-compaction.ts";
import {
  forgetting,
  keepingDeleted,
  keepingExpired,
  leavingOpen,
  writingNothing,
  writingOffsetsFirst,
} from "./broken-engines.ts";
import {
  committingAhead,
  committingAllButOne,
  leavingCaches,
  losingChanges,
  notDividing,
  readingUncommittedInputs,
  restoringTooLittle,
  restoringUncommitted,
} from "./broken-loops.ts";
import { writingStoresEarly } from "./write-stores-early.ts";

type BrokerOptions = Parameters<typeof Broker.start>[1];

/** A bug that is put in through ports and options, to show that it is found. */
export interface Plant {
  readonly name: PlantName | "none";
  readonly durability?: BrokerOptions["durability"];
  readonly isEndTransactionEpochAccepted?: BrokerOptions["isEndTransactionEpochAccepted"];
  /** The timers of a task go on for a while after it was closed. */
  readonly areTimersKept?: boolean;
  readonly cluster?: (cluster: ClusterClient, memory: PlantMemory) => ClusterClient;
  readonly engines?: (engines: StoreEngineProvider) => StoreEngineProvider;
  /** For as long as what it gives is not disposed of. */
  readonly install?: () => Disposable;
  /** Programs in which it does something: seeds that draw others are passed over. Absent: in all. */
  readonly programs?: RegExp;
}

export type PlantName =
  | "ack-before-fsync"
  | "store-before-end"
  | "old-epoch-on-end"
  | "timer-after-close"
  | "expired-segment-back"
  | "session-left-after-merge"
  | "closed-window-told-again"
  | "stream-time-lost"
  | "suppressed-lost"
  | "unmatched-told-again"
  | "other-side-lost"
  | "waiting-for-version-lost"
  | "stale-answer-taken"
  | "awaited-lost"
  | "other-key-compacted"
  | "aborted-compacted"
  | "restore-left-out"
  | "restore-ends-early"
  | "restore-reads-uncommitted"
  | "inputs-read-uncommitted"
  | "partition-left-out-of-commit"
  | "committed-ahead"
  | "transactions-not-divided"
  | "change-not-logged"
  | "caches-left-behind"
  | "offsets-before-entries"
  | "ended-client-remembered"
  | "forgotten-member-goes-on"
  | "engine-left-open";

/** Programs whose stores are read again and again. */
const stateful = /^(word-count|tumbling|hopping|session|top-n|grouped-table|count-windows)/;

export const noPlant: Plant = { name: "none" };

export const plants: readonly (Plant & { readonly name: PlantName })[] = [
  // The page cache counts, while what is checked is what `group` promises.
  { name: "ack-before-fsync", durability: "os" },
  // The engine batch is written, and only then is the transaction ended.
  { name: "store-before-end", cluster: (cluster) => withWriters(cluster, writingStoresEarly) },
  // Whoever once had the transactional id may end what its successor has begun.
  { name: "old-epoch-on-end", isEndTransactionEpochAccepted: () => true },
  // A task that was moved away, or was rebuilt, goes on telling what its timer counts.
  { name: "timer-after-close", areTimersKept: true, programs: /^word-count$/ },
  // What was dropped with its segment is there after the next start.
  {
    name: "expired-segment-back",
    engines: keepingExpired,
    programs: /^(session|tumbling|hopping|sliding)|oin-of-/,
  },
  // A session that became part of another one is there after the next start.
  {
    name: "session-left-after-merge",
    engines: keepingDeleted(/^windows$/),
    programs: /^session/,
  },
  // A task that starts does not know up to when windows have left.
  { name: "closed-window-told-again", cluster: withoutMetadata, programs: /-on-close$/ },
  // A task that starts takes late records for those in time.
  {
    name: "stream-time-lost",
    cluster: withoutMetadata,
    programs: /^held-by-/,
  },
  // What suppress holds back is not there after the next start.
  {
    name: "suppressed-lost",
    cluster: restoringNothing(/-held-store-changelog$/),
    programs: /^suppress-/,
  },
  // What left a join without a partner is restored from the changelog, and leaves again.
  {
    name: "unmatched-told-again",
    cluster: losingTombstones(/-shared-join-store-changelog$/),
    programs: /^(left|outer)Join-of-/,
  },
  // One side of a join is empty after the next start.
  {
    name: "other-side-lost",
    engines: forgetting(/-other-join-store$/),
    programs: /oin-of-/,
  },
  // Records that wait for late versions of their row are not there after the next start.
  {
    name: "waiting-for-version-lost",
    cluster: restoringNothing(/-Buffer-changelog$/),
    programs: /^versioned-/,
  },
  // An answer for a row that has changed since is taken.
  { name: "stale-answer-taken", cluster: freshAnswers, programs: /^foreign-key-/ },
  // Offsets of records are committed whose results are still awaited, and that are stored nowhere.
  {
    name: "awaited-lost",
    engines: writingNothing(/^(asked|echo)-store$/),
    programs: /^(awaited-windows|word-count)$/,
  },
  // A record of a changelog is taken away though no later one of its key stands.
  { name: "other-key-compacted", install: takingOtherKeys },
  // Records of an aborted transaction are taken for later ones of their keys.
  { name: "aborted-compacted", install: takingAborted },
  // Who takes over goes on with what it has, a copy that is behind for instance.
  { name: "restore-left-out", cluster: restoringNothing(/-changelog$/), programs: stateful },
  // A store that is restored lacks the last change.
  { name: "restore-ends-early", cluster: restoringTooLittle, programs: stateful },
  // Stores hold what was aborted, where they are restored or copied.
  {
    name: "restore-reads-uncommitted",
    cluster: restoringUncommitted,
    programs: /^(?!global)/,
  },
  // What a writer took back counts.
  { name: "inputs-read-uncommitted", cluster: readingUncommittedInputs },
  // What was done is done again, in one partition.
  { name: "partition-left-out-of-commit", cluster: committingAllButOne },
  // A record is never processed.
  { name: "committed-ahead", cluster: committingAhead },
  // Results are committed without the offsets that they come of.
  { name: "transactions-not-divided", cluster: notDividing },
  // A store and its changelog differ.
  { name: "change-not-logged", cluster: losingChanges, programs: stateful },
  // Offsets are committed of records whose results are in memory alone.
  { name: "caches-left-behind", install: leavingCaches, programs: stateful },
  // What was closed stays in memory.
  { name: "ended-client-remembered", cluster: rememberingClients },
  // A store takes itself for newer than it is.
  { name: "offsets-before-entries", engines: writingOffsetsFirst, programs: stateful },
  // Two members work on one task: whose session is over is not told, and is not fenced.
  { name: "forgotten-member-goes-on", cluster: goingOnForgotten },
  // Files of a task stay open though it was closed.
  { name: "engine-left-open", engines: leavingOpen },
];
