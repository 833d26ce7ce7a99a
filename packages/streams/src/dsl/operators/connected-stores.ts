import { shown } from "@millrace/model";

import { TopologyError } from "../../error/topology-error.ts";
import { isSpecification } from "../../topology/store-handle.ts";
import type { TopologyBuilder } from "../../topology/topology-builder.ts";
import { findGlobalTable } from "../planned-global-table.ts";
import type { StreamNode, TableNode } from "../stream-node.ts";
import type { ConnectedStore } from "./processor-node.ts";

/** The node behind a table of the user's; undefined for what is none. */
export type TableOfHandle = (handle: unknown) => TableNode | undefined;

/** Names that a processor's context has of its own. */
const reserved: ReadonlySet<string> = new Set([
  "applicationId",
  "taskId",
  "nodeName",
  "state",
  "metadata",
  "record",
  "currentStreamTimeMs",
  "currentSystemTimeMs",
  "schedule",
  "commit",
  "dropRecord",
  "forward",
  "forwardTo",
]);

interface UsedStores {
  readonly stores: Readonly<Record<string, unknown>> | undefined;
  readonly input: Pick<StreamNode, "recorder">;
  readonly tableOf: TableOfHandle;
}

/** The stores that a definition names, each a specification or a table. */
export function connectedStores(
  operator: string,
  { stores = {}, input, tableOf }: UsedStores,
): readonly ConnectedStore[] {
  const connected: ConnectedStore[] = [];
  for (const [name, handle] of Object.entries(stores))
    connected.push(connectedStore(operator, name, { handle, input, tableOf }));
  return connected;
}

/** Adds, or connects, the stores of a node. */
export function connectStores(
  topology: TopologyBuilder,
  node: string,
  stores: readonly ConnectedStore[],
): void {
  for (const store of stores) {
    if (topology.hasGlobalStore(storeNameOf(store))) continue; // all can read it
    if ("specification" in store) topology.addStore(store.specification, [node]);
    else topology.connectStore(node, store.table);
  }
}

export function storeNameOf(store: ConnectedStore): string {
  return "specification" in store ? store.specification.name : store.table;
}

function connectedStore(
  operator: string,
  name: string,
  {
    handle,
    input,
    tableOf,
  }: { handle: unknown; input: UsedStores["input"]; tableOf: TableOfHandle },
): ConnectedStore {
  if (reserved.has(name))
    throw new TopologyError(
      "INVALID_NAME",
      `${operator}: a store cannot be called ${name}, since the context has that name`,
    );
  const global = findGlobalTable(handle, input.recorder, operator);
  if (global !== undefined) return { name, table: global.store };
  const table = tableOf(handle);
  if (table === undefined) {
    if (isSpecification(handle)) return { name, specification: handle };
    throw new TopologyError(
      "INVALID_ARGUMENT",
      `${operator}: store ${name} is ${shown(handle)}; give a specification, such as keyValueStore({ … }), or a table`,
    );
  }
  if (table.recorder !== input.recorder)
    throw new TopologyError(
      "FOREIGN_STREAM",
      `${operator}: store ${name} is a table of another StreamsBuilder`,
    );
  if (table.storeName === undefined)
    throw new TopologyError(
      "UNKNOWN_STORE",
      `${operator}: table ${name} has no store of its own; name one where it is made, { store: "${name}" }`,
    );
  return { name, table: table.storeName };
}
