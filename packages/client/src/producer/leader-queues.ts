import type { ClusterMetadata } from "../metadata/cluster-metadata.ts";
import type { PartitionBatches } from "./partition-batches.ts";

/** What waits for one broker. */
export interface NodeQueue {
  readonly nodeId: number;
  inFlightCount: number;
  readonly ready: Set<PartitionBatches>;
}

/** Partitions with something to send, in line at the brokers that lead them. */
export class LeaderQueues {
  readonly #metadata: ClusterMetadata;
  readonly #nodes = new Map<number, NodeQueue>();
  /** Partitions without a leader. */
  readonly #homeless = new Set<PartitionBatches>();

  constructor(metadata: ClusterMetadata) {
    this.#metadata = metadata;
  }

  get nodes(): Iterable<NodeQueue> {
    return this.#nodes.values();
  }

  get hasHomeless(): boolean {
    return this.#homeless.size > 0;
  }

  /** Puts a partition in line at its leader; undefined: it has none. */
  place(owner: PartitionBatches): NodeQueue | undefined {
    const nodeId = this.#metadata.leaderId(owner.topic, owner.partition) ?? -1;
    if (nodeId !== owner.nodeId) {
      this.#nodes.get(owner.nodeId)?.ready.delete(owner);
      owner.nodeId = nodeId;
    }
    if (nodeId < 0) {
      this.#homeless.add(owner);
      return undefined;
    }
    let node = this.#nodes.get(nodeId);
    if (node === undefined) {
      node = { nodeId, inFlightCount: 0, ready: new Set() };
      this.#nodes.set(nodeId, node);
    }
    node.ready.add(owner);
    return node;
  }

  /** All that have something to send, for them to be placed anew. */
  takeWaiting(): readonly PartitionBatches[] {
    const waiting = new Set(this.#homeless);
    this.#homeless.clear();
    for (const { ready } of this.#nodes.values()) for (const owner of ready) waiting.add(owner);
    return [...waiting].filter(({ queue }) => queue.length > 0);
  }
}
