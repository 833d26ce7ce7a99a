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

/** Which instances have what, as the group was told with its last assignment. */
export class TaskOwners {
  #active: readonly InstanceInputs[] = [];
  #standby: readonly InstanceInputs[] = [];

  assigned(active: readonly InstanceInputs[], standby: readonly InstanceInputs[]): void {
    this.#active = active;
    this.#standby = standby;
  }

  /** All of them, active or not. */
  get instances(): readonly {
    readonly address: string;
    readonly active: readonly TopicPartition[];
    readonly standby: readonly TopicPartition[];
  }[] {
    const addresses = new Set([...this.#active, ...this.#standby].map(addressOf));
    const inputsOf = (all: readonly InstanceInputs[], address: string) =>
      all.filter((one) => addressOf(one) === address).flatMap(({ partitions }) => partitions);
    return [...addresses].map((address) => ({
      address,
      active: inputsOf(this.#active, address),
      standby: inputsOf(this.#standby, address),
    }));
  }

  /** The active one first. */
  of({ subtopology }: QueryableStore, partition: number): readonly Owner[] {
    const topics = subtopology?.sourceTopics ?? [];
    const having = (instances: readonly InstanceInputs[], isStandby: boolean): readonly Owner[] =>
      instances
        .filter(({ partitions }) =>
          partitions.some((input) => input.partition === partition && topics.includes(input.topic)),
        )
        .map((instance) => ({ address: addressOf(instance), isStandby }));
    return [...having(this.#active, false), ...having(this.#standby, true)];
  }
}

function addressOf({ host, port }: InstanceInputs): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
