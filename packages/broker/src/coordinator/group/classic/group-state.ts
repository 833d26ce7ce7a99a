/**
 * States of a classic group (Kafka: `ClassicGroupState`).
 *
 *              a member joins                all members joined, or time is up
 *     Empty ───────────────▶ PreparingRebalance ───────────────▶ CompletingRebalance
 *      ▲ │                    ▲  │         ▲                       │          │
 *      │ │ deleted            │  │ nobody  │ join, leave, session  │          │ the leader's
 *      │ │                    │  │ is left │ or sync time-out      │          │ assignment is
 *      │ ▼                    │  │         └───────────────────────┘          ▼ durable
 *      │ Dead                 └──┼───────────────────────────────────────── Stable
 *      └─────────────────────────┘
 */
export type GroupState = "Empty" | "PreparingRebalance" | "CompletingRebalance" | "Stable" | "Dead";

const predecessors: Readonly<Record<GroupState, readonly GroupState[]>> = {
  Empty: ["PreparingRebalance"],
  PreparingRebalance: ["Stable", "CompletingRebalance", "Empty"],
  CompletingRebalance: ["PreparingRebalance"],
  Stable: ["CompletingRebalance"],
  Dead: ["Stable", "PreparingRebalance", "CompletingRebalance", "Empty", "Dead"],
};

export function mayFollow(previous: GroupState, next: GroupState): boolean {
  return predecessors[next].includes(previous);
}
