import type { AssignmentConfigs } from "./assignment-configs.ts";
import type { AssignableTask, ClientState } from "./client-state.ts";
import { inHashOrder, taskHash } from "./java-order.ts";
import { LeastLoadedClients } from "./least-loaded-clients.ts";

/** Where copies of tasks go (Kafka: `StandbyTaskAssignor`). */
export interface StandbyPlacement {
  /** Gives copies of the tasks, as many as are wanted where there are processes for them. */
  place(tasks: readonly AssignableTask[], clients: readonly ClientState[]): void;
  /** Whether a copy may go from one process to another for the sake of balance. */
  mayMove(source: ClientState, destination: ClientState): boolean;
  /** Whether a copy may go to another rack: the task's places are no less apart than before. */
  mayExchange(task: AssignableTask, exchange: StandbyExchange): boolean;
}

interface StandbyExchange {
  readonly source: ClientState;
  readonly destination: ClientState;
  readonly clients: readonly ClientState[];
}

export function standbyPlacement(configs: AssignmentConfigs): StandbyPlacement {
  return configs.rackAwareAssignmentTags.length > 0
    ? new ByTags(configs)
    : {
        place: (tasks, clients) => placeByLoad(tasks, clients, configs),
        mayMove: () => true,
        mayExchange: () => true,
      };
}

function placeByLoad(
  tasks: readonly AssignableTask[],
  clients: readonly ClientState[],
  { numStandbyReplicas }: AssignmentConfigs,
): void {
  const leastLoaded = whoHasItNot();
  leastLoaded.offer(...clients);
  for (const task of tasks) give(task, numStandbyReplicas, leastLoaded);
}

function whoHasItNot(): LeastLoadedClients {
  return new LeastLoadedClients((client, task) => !client.has(task));
}

function give(task: AssignableTask, count: number, leastLoaded: LeastLoadedClients): void {
  for (let left = count; left > 0; left--) {
    const client = leastLoaded.poll(task);
    if (client === undefined) return;
    client.assign("standby", task);
    leastLoaded.offer(client);
  }
}

/**
 * Copies of a task go where no tag is that the task and its other copies have already: to another zone, another
 * cluster (Kafka: `ClientTagAwareStandbyTaskAssignor`, KIP-708). A tag of which all values are used binds no more;
 * what finds no such place goes to who has least.
 */
class ByTags implements StandbyPlacement {
  readonly #configs: AssignmentConfigs;

  constructor(configs: AssignmentConfigs) {
    this.#configs = configs;
  }

  place(tasks: readonly AssignableTask[], clients: readonly ClientState[]): void {
    const leastLoaded = whoHasItNot();
    const left = new Map<AssignableTask, number>();
    for (const task of tasks) {
      const owner = clients.find(({ active }) => active.has(task));
      if (owner === undefined) left.set(task, this.#configs.numStandbyReplicas);
      else left.set(task, this.#placeApart(task, owner, { clients, leastLoaded }));
    }
    leastLoaded.offer(...clients);
    for (const [task, count] of inHashOrder(left, ([key]) => taskHash(key)))
      give(task, count, leastLoaded);
  }

  mayMove(source: ClientState, destination: ClientState): boolean {
    return [...source.tags].every(([key, value]) => destination.tags.get(key) === value);
  }

  mayExchange(task: AssignableTask, { source, destination, clients }: StandbyExchange): boolean {
    const others = clients.filter(
      (client) => client !== source && client !== destination && client.has(task),
    );
    const tagCount = (client: ClientState): number =>
      new Set([...others, client].flatMap(({ tags }) => [...tags].map(([...tag]) => tag.join("="))))
        .size;
    return tagCount(destination) >= tagCount(source);
  }

  /** @returns how many copies found no place */
  #placeApart(
    task: AssignableTask,
    owner: ClientState,
    {
      clients,
      leastLoaded,
    }: { readonly clients: readonly ClientState[]; readonly leastLoaded: LeastLoadedClients },
  ): number {
    leastLoaded.offer(...clients);
    const used = new UsedTags(this.#configs.rackAwareAssignmentTags, clients);
    let last = owner;
    for (let left = this.#configs.numStandbyReplicas; left > 0; left--) {
      used.add(last);
      const client = leastLoaded.poll(task, (candidate) => !used.has(candidate));
      if (client === undefined) return left;
      client.assign("standby", task);
      last = client;
    }
    return 0;
  }
}

/** The values of tags that one task and its copies have already. */
class UsedTags {
  readonly #keys: readonly string[];
  readonly #valuesOf: ReadonlyMap<string, ReadonlySet<string | undefined>>;
  readonly #used = new Map<string, Set<string>>();
  #clientCount = 0;

  constructor(keys: readonly string[], clients: readonly ClientState[]) {
    this.#keys = keys;
    this.#valuesOf = new Map(
      keys.map((key) => [
        key,
        new Set(clients.map(({ tags }) => tags.get(key)).filter((value) => value !== undefined)),
      ]),
    );
  }

  add({ tags }: ClientState): void {
    this.#clientCount += 1;
    for (const key of this.#keys) {
      const value = tags.get(key);
      if (value === undefined) continue;
      if ((this.#valuesOf.get(key)?.size ?? 0) <= this.#clientCount) this.#used.delete(key);
      else this.#used.set(key, (this.#used.get(key) ?? new Set()).add(value));
    }
  }

  has({ tags }: ClientState): boolean {
    return [...tags].some(([key, value]) => this.#used.get(key)?.has(value) === true);
  }
}
