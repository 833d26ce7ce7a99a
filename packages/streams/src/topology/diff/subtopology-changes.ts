import type { TopologyDescription } from "../description/topology-description.ts";
import type { PlacedStore } from "./origins.ts";
import { afterRebuild } from "./store-changes.ts";
import { worstOf, type TopologyChange } from "./topology-change.ts";

/**
 * Sub-topologies with other numbers: the numbers are in the names of tasks, and these in the state directory, so that
 * what is there is not found.
 */
export function subtopologyChanges(
  old: TopologyDescription,
  now: TopologyDescription,
  stores: readonly (readonly [PlacedStore, PlacedStore])[],
): readonly TopologyChange[] {
  const kept = stores.filter(
    ([before, store]) => before.name === store.name && !store.subtopology.isGlobal,
  );
  const moved = new Map<string, PlacedStore[]>();
  for (const [before, store] of kept) {
    const key = `${before.subtopology.id} ${store.subtopology.id}`;
    moved.set(key, [...(moved.get(key) ?? []), store]);
  }
  for (const [from, to] of sameSources(old, now)) {
    const key = `${from} ${to}`;
    if (!moved.has(key)) moved.set(key, []);
  }
  return [...moved].flatMap(([key, moving]) => {
    const [from, to] = key.split(" ");
    return from === to ? [] : [changeOf(from, to, moving)];
  });
}

function changeOf(from: string, to: string, stores: readonly PlacedStore[]): TopologyChange {
  const severity = worstOf(stores.map(afterRebuild));
  const names = stores.map(({ name }) => name).join(", ");
  const message = `sub-topology ${from} is ${to} now, its tasks are ${to}_0 and so on`;
  return {
    kind: "subtopologyMoved",
    severity,
    subject: from,
    message:
      severity === "survives"
        ? message
        : `${message}: the new tasks ${severity === "rebuilt" ? "restore" : "do not find"} ${names}`,
    advice:
      severity === "survives"
        ? ""
        : "put new sources behind the old ones, so that the numbers stay; folders of the old tasks can go",
  };
}

/** Sub-topologies that read the same topic of others. */
function sameSources(
  old: TopologyDescription,
  now: TopologyDescription,
): readonly (readonly [number, number])[] {
  const readers = new Map<string, number>();
  for (const { id, nodes, isGlobal } of now.subtopologies)
    for (const node of isGlobal ? [] : nodes)
      if (node.kind === "source") for (const topic of node.topics) readers.set(topic, id);
  return old.subtopologies.flatMap(({ id, nodes, isGlobal }) =>
    (isGlobal ? [] : nodes).flatMap((node) =>
      node.kind === "source"
        ? node.topics.flatMap((topic) => {
            const reader = readers.get(topic);
            return reader === undefined ? [] : [[id, reader] as const];
          })
        : [],
    ),
  );
}
