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
