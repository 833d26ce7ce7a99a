import type { StoreSpecification } from "@millrace/state";

import { QueryError } from "../error/query-error.ts";
import { changelogName, type Subtopology } from "../topology/subtopology.ts";
import type { GlobalStore } from "../topology/global-topology.ts";

/** A store of the program, and where it stands in it. */
export interface QueryableStore {
  readonly specification: StoreSpecification;
  /** Undefined: global, every process has it whole. */
  readonly subtopology: Subtopology | undefined;
  /** Given to the serdes as the topic; the topic that its changes are in, where `isLogged`. */
  readonly changelogTopic: string;
  readonly isLogged: boolean;
  /** True: its changes are those of a topic that the program reads. */
  readonly isSourceTopic: boolean;
}

/** The stores of a program by their names. */
export class QueryableStores {
  readonly #byName = new Map<string, QueryableStore>();

  constructor(subtopologies: readonly Subtopology[], globalStores: readonly GlobalStore[]) {
    for (const subtopology of subtopologies)
      for (const specification of subtopology.stores) {
        const { name } = specification;
        const changelog = subtopology.changelogTopics.find(({ store }) => store === name);
        this.#byName.set(name, {
          specification,
          subtopology,
          changelogTopic: changelog?.name ?? `${subtopology.applicationId}-${changelogName(name)}`,
          isLogged: changelog !== undefined,
          isSourceTopic: changelog?.isSourceTopic === true,
        });
      }
    for (const { specification, topic, holdsTopic } of globalStores)
      this.#byName.set(specification.name, {
        specification,
        subtopology: undefined,
        changelogTopic: topic,
        isLogged: holdsTopic,
        isSourceTopic: true,
      });
  }

  /** @throws QueryError `UNKNOWN_STORE` */
  find(name: string): QueryableStore {
    const found = this.#byName.get(name);
    if (found !== undefined) return found;
    const known = [...this.#byName.keys()].join(", ");
    throw new QueryError(
      "UNKNOWN_STORE",
      `the topology has no store ${name}; its stores: ${known === "" ? "none" : known}`,
    );
  }
}

/** @throws QueryError `STORE_NOT_LOGGED`: its changes can be followed nowhere */
export function requireChangelog({ specification, subtopology, isLogged }: QueryableStore): void {
  if (isLogged) return;
  const { name } = specification;
  const message =
    subtopology === undefined
      ? `the global store ${name} holds what a processor has made of its topic, and has no changelog, so that its changes are nowhere told; follow a globalTable, or read the topic`
      : `store ${name} has no changelog (logging: false), so that its changes are nowhere told; give it one`;
  throw new QueryError("STORE_NOT_LOGGED", message);
}
