/**
 * What becomes of what the running application has kept, best first. `survives`: nothing is touched. `rebuilt`: from
 * changelogs, by itself, at the first start. `lost`: the application runs, without it. `restart`: what is there cannot
 * be read, or would be taken for something else.
 */
export type ChangeSeverity = "survives" | "rebuilt" | "lost" | "restart";

export type TopologyChangeKind =
  | "storeAdded"
  | "storeRemoved"
  | "storeRenamed"
  | "storeTakenOver"
  | "storeKindChanged"
  | "storeSerdeChanged"
  | "storeWindowChanged"
  | "storeRetentionChanged"
  | "storeSettingChanged"
  | "storeEngineChanged"
  | "storeLoggingChanged"
  | "storeInputChanged"
  | "subtopologyMoved"
  | "repartitionAdded"
  | "repartitionRemoved"
  | "repartitionRenamed"
  | "repartitionTakenOver"
  | "repartitionSerdeChanged"
  | "partitionCountChanged"
  | "sourceTopicAdded"
  | "sourceTopicRemoved"
  | "sourceChanged"
  | "sinkTopicAdded"
  | "sinkTopicRemoved"
  | "sinkChanged"
  | "operatorAdded"
  | "operatorRemoved";

/** One difference between two versions of a program. */
export interface TopologyChange {
  readonly kind: TopologyChangeKind;
  readonly severity: ChangeSeverity;
  /** The store, topic, operator or sub-topology; of something renamed, its old name. */
  readonly subject: string;
  /** What is different, in a sentence. */
  readonly message: string;
  /** What to do about it; empty: nothing. */
  readonly advice: string;
}

const severities: readonly ChangeSeverity[] = ["survives", "rebuilt", "lost", "restart"];

/** The worst of them. */
export function worstOf(given: Iterable<ChangeSeverity>): ChangeSeverity {
  let worst = 0;
  for (const severity of given) worst = Math.max(worst, severities.indexOf(severity));
  return severities[worst];
}

/** Worst first. */
export function bySeverity(left: TopologyChange, right: TopologyChange): number {
  return severities.indexOf(right.severity) - severities.indexOf(left.severity);
}
