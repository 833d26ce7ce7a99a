import type { Serde } from "@millrace/serde";

import type { StoreDraft } from "../../../plan/store-draft.ts";
import type { RowJoiner } from "../../../processor/joined-view.ts";
import type { NodeSerdeUse } from "../../../topology/topology-node.ts";

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

type Suffix = "pk" | "fk" | "vh";

/** The names under which serdes get to see keys and values that are in no topic of their own, as in Kafka. */
export type PseudoTopics = Readonly<Record<Suffix, string>>;

/** Made once: the names are long, and one is wanted several times with each record. */
export function pseudoTopics(join: ForeignKeyJoin, applicationId: string): PseudoTopics {
  const named = (suffix: Suffix): string => `${applicationId}-${bareName(join, suffix)}`;
  return { pk: named("pk"), fk: named("fk"), vh: named("vh") };
}

/** What serdes do under these names. */
export function pseudoTopicUses(join: ForeignKeyJoin): readonly NodeSerdeUse[] {
  return [
    { serde: join.primaryKeySerde, part: "key", topic: bareName(join, "pk") },
    { serde: join.foreignKeySerde, part: "key", topic: bareName(join, "fk") },
    { serde: join.primaryValueSerde, part: "value", topic: bareName(join, "vh") },
  ];
}

function bareName({ topic }: ForeignKeyJoin, suffix: Suffix): string {
  return `${topic}-${suffix}`;
}
