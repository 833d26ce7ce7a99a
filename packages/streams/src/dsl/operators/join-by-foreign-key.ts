import { bytes, type Serde } from "@millrace/serde";
import { subscriptionStore as specifySubscriptions } from "@millrace/state";

import { operatorPlan, type PlanNode } from "../../plan/plan-node.ts";
import type { StoreDraft } from "../../plan/store-draft.ts";
import { isVersioned, type SourceTablePlan } from "../../plan/table-plan.ts";
import type { RowJoiner } from "../../processor/joined-view.ts";
import type { Processor } from "../../processor/processor.ts";
import type { TableView } from "../../processor/value-getter.ts";
import type { StreamPartitioner } from "../../topology/topology-node.ts";
import type { Naming } from "../../plan/naming.ts";
import { draftStore, oncePerDefaults } from "../store-options.ts";
import { requireSerde, type TableNode } from "../stream-node.ts";
import { ForeignChangeSender } from "./foreign-key/foreign-change-sender.ts";
import { pseudoTopicUses, type ForeignKeyJoin } from "./foreign-key/foreign-key-join.ts";
import { ResponseResolver } from "./foreign-key/response-resolver.ts";
import { responseSerde, subscriptionSerde, type Response } from "./foreign-key/subscription.ts";
import { SubscriptionAnswerer } from "./foreign-key/subscription-answerer.ts";
import { SubscriptionReceiver } from "./foreign-key/subscription-receiver.ts";
import { SubscriptionSender } from "./foreign-key/subscription-sender.ts";
import type { TableJoinNodeOptions } from "./join-tables.ts";
import { addTableSource } from "./table-source.ts";

export type ForeignKeyJoinOptions = TableJoinNodeOptions & {
  readonly foreignKey: (value: unknown, key: unknown) => unknown;
  /** Of the left table's topic, where that is not partitioned by the hash of its key. */
  readonly partitioner?: StreamPartitioner;
  /** Of the right table's topic. */
  readonly otherPartitioner?: StreamPartitioner;
};

/**
 * `KTable.join` and `leftJoin` by a foreign key: two topics go to and fro between the sides.
 *
 * ```
 *  left --> sender ==subscriptions==> receiver --> answerer --+
 *                                                              +==answers==> resolver --> result
 *  right --------------------------> change sender -----------+
 * ```
 */
export function joinByForeignKey(
  { left, right }: { readonly left: TableNode; readonly right: TableNode },
  operator: "join" | "leftJoin",
  joiner: RowJoiner,
  options: ForeignKeyJoinOptions,
): TableNode {
  const { recorder } = left;
  const { naming } = recorder;
  const names = namesOf(naming, options.name);
  const { subscriptionTopic, store: subscriptions, responseTopic } = names;
  if (options.name === undefined)
    for (const kept of [subscriptionTopic, subscriptions, responseTopic])
      naming.noteGenerated(kept);
  const what = "join by foreign key";
  const join: ForeignKeyJoin = {
    operator,
    extractor: options.foreignKey,
    joiner,
    primaryKeySerde: requireSerde(left.keySerde, "key", what),
    primaryValueSerde: requireSerde(left.valueSerde, "value", what),
    foreignKeySerde: requireSerde(right.keySerde, "key", what),
    foreignValueSerde: requireSerde(right.valueSerde, "value", what),
    topic: names.subscriptionTopic,
    store: subscriptionStore(names.store),
  };
  const store = draftStore(options.store, "KTABLE-FK-JOIN-OUTPUT-", naming);
  const parts = planParts(join, names, { left, right, ...options });
  for (const [parents, child] of parts.edges) recorder.add(parents, child);
  const valueSerde =
    options.store === undefined ? options.value : requireSerde(options.value, "value", operator);
  const table: SourceTablePlan = { kind: "source", store };
  const keySerde = join.primaryKeySerde;
  const plan = operatorPlan({
    name: names.result,
    lower: (topology, parents, tables) =>
      addTableSource(topology, tables, {
        name: names.result,
        parents,
        table,
        keySerde,
        valueSerde,
      }),
  });
  recorder.add([parts.resolver], plan);
  const storeName = store.isNamedByUser ? store.name : undefined;
  const sources = [...new Set([...left.sources, names.responseSource])];
  return { recorder, plan, keySerde, valueSerde, storeName, table, sources };
}

type Names = ReturnType<typeof namesOf>;

/** In the order in which Kafka burns their indices. */
function namesOf(naming: Naming, name: string | undefined) {
  const prefix = "KTABLE-FK-JOIN-";
  const of = (generated: string, suffix: string): string => naming.nodeOr(name, generated, suffix);
  return {
    subscriptionTopic: `${of(`${prefix}SUBSCRIPTION-REGISTRATION-`, "-subscription-registration")}-topic`,
    sender: of(`${prefix}SUBSCRIPTION-REGISTRATION-`, "-subscription-registration-processor"),
    subscriptionSink: of("KTABLE-SINK-", "-subscription-registration-sink"),
    subscriptionSource: of("KTABLE-SOURCE-", "-subscription-registration-source"),
    store: of(`${prefix}SUBSCRIPTION-STATE-STORE-`, "-subscription-store"),
    receiver: of(`${prefix}SUBSCRIPTION-PROCESSOR-`, "-subscription-receive"),
    answerer: of(`${prefix}SUBSCRIPTION-PROCESSOR-`, "-subscription-join-foreign"),
    changeSender: of(`${prefix}SUBSCRIPTION-PROCESSOR-`, "-foreign-join-subscription"),
    responseTopic: `${of(`${prefix}SUBSCRIPTION-RESPONSE-`, "-subscription-response")}-topic`,
    responseSink: of("KTABLE-SINK-", "-subscription-response-sink"),
    responseSource: of("KTABLE-SOURCE-", "-subscription-response-source"),
    resolver: of(
      `${prefix}SUBSCRIPTION-RESPONSE-RESOLVER-PROCESSOR-`,
      "-subscription-response-resolver",
    ),
    result: of(`${prefix}OUTPUT-`, "-result"),
  };
}

function subscriptionStore(name: string): StoreDraft {
  return {
    name,
    isNamedByUser: false,
    specify: oncePerDefaults((serdes, { engine, headers }) =>
      specifySubscriptions<unknown, unknown>({ name, ...serdes, engine, headers }),
    ),
  };
}

interface Parts {
  readonly edges: readonly (readonly [readonly PlanNode[], PlanNode])[];
  readonly resolver: PlanNode;
}

interface Sides {
  readonly left: TableNode;
  readonly right: TableNode;
  readonly partitioner?: StreamPartitioner;
  readonly otherPartitioner?: StreamPartitioner;
}

function planParts(join: ForeignKeyJoin, names: Names, sides: Sides): Parts {
  const { left, right } = sides;
  const sender = operatorPlan({
    name: names.sender,
    demand: (tables) => {
      for (const { table } of [right, left]) tables.askOldValues(table, true);
      for (const { table } of [right, left]) tables.view(table);
    },
    lower: (topology, parents) => {
      const supplier = (): Processor => new SubscriptionSender(join, isVersioned(left.table));
      const serdeUses = pseudoTopicUses(join);
      topology.addProcessor({ name: names.sender, supplier, parents, serdeUses });
    },
  });
  const { subscriptions, responses } = planTopics(join, names, sides);
  const receiver = subscriberPlan(join, names.receiver, () => new SubscriptionReceiver(join));
  const changeSender = subscriberPlan(
    join,
    names.changeSender,
    () => new ForeignChangeSender(join, isVersioned(right.table)),
  );
  const answerer = lookupPlan(
    names.answerer,
    right,
    (view) => new SubscriptionAnswerer(join, view),
  );
  const resolver = lookupPlan(names.resolver, left, (view) => new ResponseResolver(join, view));
  return {
    edges: [
      [[left.plan], sender],
      [[sender], subscriptions.sink],
      [[subscriptions.sink], subscriptions.source],
      [[subscriptions.source], receiver],
      [[receiver], answerer],
      [[right.plan], changeSender],
      [[answerer, changeSender], responses.sink],
      [[responses.sink], responses.source],
      [[responses.source], resolver],
    ],
    resolver,
  };
}

function planTopics(join: ForeignKeyJoin, names: Names, sides: Sides) {
  const subscriptions = throughTopic({
    topic: names.subscriptionTopic,
    sink: names.subscriptionSink,
    source: names.subscriptionSource,
    keySerde: join.foreignKeySerde,
    valueSerde: subscriptionSerde as Serde<unknown>,
    partitioner: byKey(sides.otherPartitioner),
    copartitionedWith: sides.right.sources,
  });
  const responses = throughTopic({
    topic: names.responseTopic,
    sink: names.responseSink,
    source: names.responseSource,
    keySerde: join.primaryKeySerde,
    valueSerde: responseSerde(join.foreignValueSerde) as Serde<unknown>,
    partitioner: byKey(sides.partitioner) ?? toWhoAsked,
    copartitionedWith: sides.left.sources,
  });
  return { subscriptions, responses };
}

const toWhoAsked: StreamPartitioner = (response) =>
  (response as Response).primaryPartition ?? undefined;

/** A partitioner of the user's sees keys alone, since what goes through the topic is no row. */
function byKey(partitioner: StreamPartitioner | undefined): StreamPartitioner | undefined {
  return (
    partitioner &&
    ((_message, key, partitionCount, topic) => partitioner(null, key, partitionCount, topic))
  );
}

/** A processor that uses the store of subscriptions. */
function subscriberPlan(join: ForeignKeyJoin, name: string, supplier: () => Processor): PlanNode {
  const serdes = { key: bytes() as Serde<unknown>, value: subscriptionSerde as Serde<unknown> };
  return operatorPlan({
    name,
    lower: (topology, parents) => {
      topology.addProcessor({ name, supplier, parents });
      topology.addStore(join.store.specify(serdes, topology.storeDefaults), [name]);
    },
  });
}

/** A processor that looks rows of a table up. */
function lookupPlan(
  name: string,
  { table }: TableNode,
  make: (view: TableView) => Processor,
): PlanNode {
  return operatorPlan({
    name,
    lower: (topology, parents, tables) => {
      const view = tables.view(table);
      topology.addProcessor({ name, supplier: () => make(view), parents });
      for (const used of view.storeNames) topology.connectStore(name, used);
    },
  });
}

interface Passage {
  /** Without the application's id. */
  readonly topic: string;
  readonly sink: string;
  readonly source: string;
  readonly keySerde: Serde<unknown>;
  readonly valueSerde: Serde<unknown>;
  readonly partitioner: StreamPartitioner | undefined;
  readonly copartitionedWith: readonly string[];
}

/** A topic of the application's own, as two nodes of the plan. */
function throughTopic(passage: Passage): { readonly sink: PlanNode; readonly source: PlanNode } {
  const { topic, keySerde, valueSerde, partitioner } = passage;
  const sink = operatorPlan({
    name: passage.sink,
    lower: (topology, parents) => {
      topology.addInternalTopic(topic, undefined);
      topology.addSink({ name: passage.sink, topic, keySerde, valueSerde, partitioner, parents });
    },
  });
  const source = operatorPlan({
    name: passage.source,
    lower: (topology) => {
      topology.addSource({
        name: passage.source,
        topics: [topic],
        pattern: undefined,
        keySerde,
        valueSerde,
        timestampExtractor: undefined,
        dropsNulls: false,
        offsetReset: undefined,
      });
      topology.copartition([...passage.copartitionedWith, passage.source]);
    },
  });
  return { sink, source };
}
