import type { TopologyNode } from "./topology-node.ts";

/** Nodes that are connected, by parents or by a store that they share: the sub-topologies, in Kafka's order. */
export function nodeGroups(nodes: readonly TopologyNode[]): readonly (readonly TopologyNode[])[] {
  const roots = new Map<string, string>();
  const find = (name: string): string => {
    let root = name;
    for (let next = roots.get(root); next !== undefined && next !== root; next = roots.get(root))
      root = next;
    return root;
  };
  const storeUser = new Map<string, string>();
  for (const node of nodes) {
    roots.set(node.name, node.name);
    for (const parent of node.parents) roots.set(find(parent), find(node.name));
    for (const store of node.kind === "processor" ? node.stores : []) {
      const user = storeUser.get(store);
      if (user === undefined) storeUser.set(store, node.name);
      else roots.set(find(user), find(node.name));
    }
  }
  const groups = new Map<string, TopologyNode[]>();
  for (const node of nodes) {
    const root = find(node.name);
    const group = groups.get(root);
    if (group === undefined) groups.set(root, [node]);
    else group.push(node);
  }
  return [...groups.values()];
}
