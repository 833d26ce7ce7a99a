/** Kafka: `AssignmentConfigs`; its names and defaults. */
export interface AssignmentConfigs {
  readonly acceptableRecoveryLag: number;
  readonly maxWarmupReplicas: number;
  readonly numStandbyReplicas: number;
  readonly probingRebalanceIntervalMs: number;
  readonly rackAwareAssignmentTags: readonly string[];
  readonly rackAwareAssignmentStrategy: "none" | "min_traffic" | "balance_subtopology";
  /** Undefined: the assignor's own. */
  readonly rackAwareAssignmentTrafficCost: number | undefined;
  readonly rackAwareAssignmentNonOverlapCost: number | undefined;
}

export const defaultAssignmentConfigs: AssignmentConfigs = {
  acceptableRecoveryLag: 10_000,
  maxWarmupReplicas: 2,
  numStandbyReplicas: 0,
  probingRebalanceIntervalMs: 600_000,
  rackAwareAssignmentTags: [],
  rackAwareAssignmentStrategy: "none",
  rackAwareAssignmentTrafficCost: undefined,
  rackAwareAssignmentNonOverlapCost: undefined,
};

/** What was configured, or what an assignor takes without it. */
export function rackCosts(
  configs: AssignmentConfigs,
  byDefault: { readonly traffic: number; readonly nonOverlap: number },
): { readonly traffic: number; readonly nonOverlap: number } {
  return {
    traffic: configs.rackAwareAssignmentTrafficCost ?? byDefault.traffic,
    nonOverlap: configs.rackAwareAssignmentNonOverlapCost ?? byDefault.nonOverlap,
  };
}
