import type { Serde } from "@millrace/serde";

import type { StoreDraft } from "../../../plan/store-draft.ts";
import type { RowJoiner } from "../../../processor/joined-view.ts";

/** What all parts of one foreign-key join have in common. */
export interface ForeignKeyJoin {
  readonly operator: "join" | "leftJoin";
  readonly extractor: (value: unknown, key: unknown) => unknown;
  readonly joiner: RowJoiner;
  /** Of the left table. */
  readonly primaryKeySerde: Serde<unknown>;
  readonly primaryValueSerde: Serde<unknown>;
  /** Of the right table. */
  readonly foreignKeySerde: Serde<unknown>;
  readonly foreignValueSerde: Serde<unknown>;
  /** Of subscriptions, without the application's id: serdes are given names after it. */
  readonly topic: string;
  readonly store: StoreDraft;
}

/** The name under which a serde gets to see keys or values that are in no topic of their own, as in Kafka. */
export function pseudoTopic(
  join: ForeignKeyJoin,
  applicationId: string,
  suffix: "pk" | "fk" | "vh",
): string {
  return `${applicationId}-${join.topic}-${suffix}`;
}
