import type { Serde } from "@millrace/serde";

import { TopologyError } from "../../error/topology-error.ts";
import type { PlanRecorder } from "../../plan/plan.ts";
import { operatorPlan } from "../../plan/plan-node.ts";
import { rawSerde } from "../../topology/raw-serde.ts";
import { draftStore, type StoreOption, type StoreOptions } from "../store-options.ts";
import type { GlobalTableNode } from "../stream-node.ts";
import { globalSource } from "./global-source.ts";
import type { SourceOptions } from "./stream.ts";
import { tableSourceSupplier } from "./table-source.ts";

/** How a global table is read: always from the beginning of its topic. */
export interface GlobalTableOptions<K, V, S = StoreOption> extends Omit<
  SourceOptions<K, V>,
  "offsetReset"
> {
  /** How the table is kept; with a name it can be queried. Its topic is its changelog. */
  readonly store?: S | StoreOption;
}

/** `StreamsBuilder.globalTable`. */
export function globalTable(
  recorder: PlanRecorder,
  topic: string,
  options: GlobalTableOptions<unknown, unknown> = {},
): GlobalTableNode {
  const { naming } = recorder;
  const { historyRetention } = typeof options.store === "object" ? options.store : {};
  if (historyRetention !== undefined)
    throw new TopologyError(
      "INVALID_ARGUMENT",
      `globalTable ${topic} was given historyRetention; a global table keeps no versions, use table`,
    );
  const draft = draftStore(unlogged(options.store), `${topic}-`, naming);
  const source = naming.nodeOr(options.name, "KSTREAM-SOURCE-", "-source");
  const name = naming.nodeOr(options.name, "KTABLE-SOURCE-");
  const key: Serde<unknown> = options.key ?? rawSerde;
  const value: Serde<unknown> = options.value ?? rawSerde;
  const store = draft.name;
  const supplier = tableSourceSupplier({ store, keySerde: key, sendsOldValues: false });
  recorder.addSource(
    operatorPlan({
      name,
      lower: (topology) =>
        topology.addGlobalStore({
          specification: draft.specify({ key, value }, topology.storeDefaults),
          source: globalSource(source, topic, { ...options, key, value }),
          processor: { name, supplier },
          holdsTopic: true,
        }),
    }),
  );
  return { recorder, store, storeName: draft.isNamedByUser ? store : undefined };
}

function unlogged(store: StoreOption | undefined): StoreOptions {
  return { ...(typeof store === "string" ? { name: store } : store), logging: false };
}
