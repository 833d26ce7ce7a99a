import type { TopicPartition } from "@millrace/model";

import type { QueryableStore } from "./queryable-stores.ts";

/** An instance with an address for queries, and the inputs of its tasks (Kafka: `HostInfo`, `StreamsMetadata`). */
export interface InstanceInputs {
  readonly host: string;
  readonly port: number;
  readonly partitions: readonly TopicPartition[];
}

/** An instance that has a partition of a store. */
export interface Owner {
  /** `host:port`. */
  readonly address: string;
  readonly isStandby: boolean;
}

/** What the group was told of its instances with its last assignment. */
export interface GroupInstances {
  readonly active: readonly InstanceInputs[];
  readonly standby: readonly InstanceInputs[];
}

export const noInstances: GroupInstances = { active: [], standby: [] };

/** Which instances have what. */
export class TaskOwners {
  readonly #assigned: () => GroupInstances | undefined;

  /** @param assigned undefined before the first assignment */
  constructor(assigned: () => GroupInstances | undefined) {
    this.#assigned = assigned;
  }

  /** All of them, active or not. */
  get instances(): readonly {
    readonly address: string;
    readonly active: readonly TopicPartition[];
    readonly standby: readonly TopicPartition[];
  }[] {
    const assigned = this.#assigned() ?? noInstances;
    const addresses = new Set([...assigned.active, ...assigned.standby].map(addressOf));
    const inputsOf = (all: readonly InstanceInputs[], address: string) =>
      all.filter((one) => addressOf(one) === address).flatMap(({ partitions }) => partitions);
    return [...addresses].map((address) => ({
      address,
      active: inputsOf(assigned.active, address),
      standby: inputsOf(assigned.standby, address),
    }));
  }

  /** The active one first. */
  of({ subtopology }: QueryableStore, partition: number): readonly Owner[] {
    const { active, standby } = this.#assigned() ?? noInstances;
    const { sourceTopics = [], sourcePatterns = [] } = subtopology ?? {};
    const isInput = (topic: string): boolean =>
      sourceTopics.includes(topic) || sourcePatterns.some((pattern) => pattern.test(topic));
    const having = (instances: readonly InstanceInputs[], isStandby: boolean): readonly Owner[] =>
      instances
        .filter(({ partitions }) =>
          partitions.some((input) => input.partition === partition && isInput(input.topic)),
        )
        .map((instance) => ({ address: addressOf(instance), isStandby }));
    return [...having(active, false), ...having(standby, true)];
  }
}

function addressOf({ host, port }: InstanceInputs): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
