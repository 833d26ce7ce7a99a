import type { Duration } from "@millrace/model";
import type { Serde } from "@millrace/serde";

import { operatorPlan, type OperatorPlan } from "../../plan/plan-node.ts";
import type { Naming } from "../../plan/naming.ts";
import type { RowJoiner } from "../../processor/joined-view.ts";
import type { Processor } from "../../processor/processor.ts";
import type { TopologyBuilder } from "../../topology/topology-builder.ts";
import { requireSerde, type NamedOptions, type StreamNode } from "../stream-node.ts";
import { repartitionedForJoin } from "./repartition.ts";
import { JoinSideProcessor } from "./stream-join/join-side-processor.ts";
import {
  planJoinStores,
  suffixes,
  type JoinStoreOption,
  type JoinStores,
} from "./stream-join/join-stores.ts";
import { readJoinWindow, type Within } from "./stream-join/join-window.ts";
import { SelfJoinProcessor } from "./stream-join/self-join-processor.ts";
import type {
  JoinSide,
  StreamsJoin,
  StreamsJoinOperator,
  UnmatchedTime,
} from "./stream-join/streams-join.ts";
import { WindowedProcessor } from "./stream-join/windowed-processor.ts";
import { PassingProcessor } from "./stream-join/passing-processor.ts";

export type StreamsJoinNodeOptions = NamedOptions & {
  readonly within: Within;
  readonly grace?: Duration;
  readonly key?: Serde<unknown>;
  readonly left?: Serde<unknown>;
  readonly right?: Serde<unknown>;
  /** Of the result. */
  readonly value?: Serde<unknown>;
  readonly store?: JoinStoreOption;
  readonly unmatched?: UnmatchedTime;
};

/** Names of nodes. */
interface Names {
  readonly windowed: Readonly<Record<JoinSide, string>>;
  readonly sides: Readonly<Record<JoinSide, string>>;
  /** The same as in Kafka where the user gives no names: stores are named after them. */
  readonly generated: Readonly<Record<JoinSide, string>>;
  readonly merge: string;
}

/**
 * `KStream.join`, `leftJoin` and `outerJoin` with a stream: each side is kept in a window store, in which the records of
 * the other look.
 *
 * ```
 *  left ---> windowed (writes its store) ---> this  (reads the right one's store) ---+
 *                                                                                    +--> merge
 *  right --> windowed (writes its store) ---> other (reads the left one's store) ----+
 * ```
 */
export function joinStreams(
  given: { readonly left: StreamNode; readonly right: StreamNode },
  operator: StreamsJoinOperator,
  joiner: RowJoiner,
  options: StreamsJoinNodeOptions,
): StreamNode {
  const { recorder } = given.left;
  const { unmatched: unmatchedTime = "onWindowClose" } = options;
  const window = readJoinWindow(operator, options.within, options.grace);
  const serdes = {
    key: requireSerde(options.key ?? given.left.keySerde, "key", operator),
    left: requireSerde(options.left ?? given.left.valueSerde, "left", operator),
    right: requireSerde(options.right ?? given.right.valueSerde, "right", operator),
  };
  const repartitioned = (side: JoinSide): StreamNode => {
    const name = options.name === undefined ? {} : { name: `${options.name}-${side}` };
    const key = options.key ?? given[side].keySerde ?? serdes.key;
    return repartitionedForJoin(given[side], operator, { ...name, key, left: serdes[side] });
  };
  const left = repartitioned("left");
  const right = repartitioned("right");
  const names = namesOf(recorder.naming, operator, options.name);
  const kept = planJoinStores(
    { operator, window, serdes, generated: names.generated, unmatchedTime },
    options.store,
  );
  for (const name of kept.generatedNames) recorder.naming.noteGenerated(name);
  const join: StreamsJoin = { operator, joiner, window, ...kept.names };
  const windowed = {
    left: windowedPlan("left", names, kept, serdes.left),
    right: windowedPlan("right", names, kept, serdes.right),
  };
  const sources = [...new Set([...left.sources, ...right.sources])];
  const plan = joinPlan(join, names, kept, { windowed, sources });
  recorder.add([left.plan], windowed.left);
  recorder.add([right.plan], windowed.right);
  recorder.add([left.plan, right.plan], plan);
  const valueSerde = options.value;
  return { recorder, plan, keySerde: serdes.key, valueSerde, needsRepartition: false, sources };
}

/** In the order in which Kafka burns their indices. */
function namesOf(naming: Naming, operator: StreamsJoinOperator, name: string | undefined): Names {
  const windowed = {
    left: naming.nodeOr(name, "KSTREAM-WINDOWED-", "-this-windowed"),
    right: naming.nodeOr(name, "KSTREAM-WINDOWED-", "-other-windowed"),
  };
  const generated = {
    left: naming.node(operator === "outerJoin" ? "KSTREAM-OUTERTHIS-" : "KSTREAM-JOINTHIS-"),
    right: naming.node(operator === "join" ? "KSTREAM-JOINOTHER-" : "KSTREAM-OUTEROTHER-"),
  };
  const [left, right] = suffixes[operator];
  const sides = name === undefined ? generated : { left: name + left, right: name + right };
  return { windowed, sides, generated, merge: naming.nodeOr(name, "KSTREAM-MERGE-", "-merge") };
}

function windowedPlan(
  side: JoinSide,
  names: Names,
  kept: JoinStores,
  valueSerde: Serde<unknown>,
): OperatorPlan {
  const name = names.windowed[side];
  const store = kept.names.stores[side];
  return operatorPlan({
    name,
    lower: (topology, parents) => {
      const supplier = (): Processor => new WindowedProcessor(store, valueSerde);
      topology.addProcessor({ name, supplier, parents });
      topology.addStore(kept.specify(side, topology.storeDefaults), [name]);
    },
  });
}

function joinPlan(
  join: StreamsJoin,
  names: Names,
  kept: JoinStores,
  {
    windowed,
    sources,
  }: {
    readonly windowed: Readonly<Record<JoinSide, OperatorPlan>>;
    readonly sources: readonly string[];
  },
): OperatorPlan {
  const name = names.merge;
  const addSide = (side: JoinSide, other: JoinSide, topology: TopologyBuilder): void => {
    const supplier = (): Processor => new JoinSideProcessor(join, side);
    const parents = [names.windowed[side]];
    topology.addProcessor({ name: names.sides[side], supplier, parents });
    topology.connectStore(names.sides[side], join.stores[other]);
  };
  const onOneStore = operatorPlan({
    name,
    keepsNullKeys: join.operator !== "join",
    lower: (topology) => {
      const supplier = (): Processor => new SelfJoinProcessor(join);
      topology.addProcessor({ name, supplier, parents: [names.windowed.left] });
      topology.connectStore(name, join.stores.left);
      topology.copartition(sources);
    },
  });
  return operatorPlan({
    name,
    keepsNullKeys: join.operator !== "join",
    selfJoin: { otherWindowed: windowed.right, onOneStore },
    lower: (topology) => {
      addSide("left", "right", topology);
      addSide("right", "left", topology);
      const sides = [names.sides.left, names.sides.right];
      topology.addProcessor({ name, supplier: () => new PassingProcessor(), parents: sides });
      const unmatched = kept.specifyUnmatched(topology.storeDefaults);
      if (unmatched !== undefined) topology.addStore(unmatched, sides);
      topology.copartition(sources);
    },
  });
}
