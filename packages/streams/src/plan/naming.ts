import { isTopicName } from "@millrace/model";

import { placeOfCall } from "../error/place-of-call.ts";
import { TopologyError } from "../error/topology-error.ts";

/**
 * Names of nodes and stores: one counter of ten digits for both, burned also where the user gives the name, so
 * that naming one operator leaves the names of the others alone (Kafka: `InternalNameProvider`).
 */
export class Naming {
  #next = 0;
  readonly #generatedResources: string[] = [];

  /** `KSTREAM-FILTER-0000000007`. */
  node(prefix: string): string {
    return prefix + this.#burn();
  }

  /** `KSTREAM-AGGREGATE-STATE-STORE-0000000007`. */
  store(prefix: string): string {
    return `${prefix}STATE-STORE-${this.#burn()}`;
  }

  /** The user's name, checked, or a generated one. */
  nodeOr(name: string | undefined, prefix: string, suffix = ""): string {
    const generated = this.node(prefix);
    if (name === undefined) return generated;
    checkName(name);
    if (suffix !== "") checkName(name + suffix);
    return name + suffix;
  }

  /** Remembers a store, changelog or repartition topic whose name the user did not choose, and where that was. */
  noteGenerated(resource: string): void {
    this.#generatedResources.push(resource + placeOfCall());
  }

  get generatedResources(): readonly string[] {
    return this.#generatedResources;
  }

  #burn(): string {
    return String(this.#next++).padStart(10, "0");
  }
}

/** Node, store and topic names: what Kafka allows for topics. */
export function checkName(name: string): void {
  if (isTopicName(name)) return;
  throw new TopologyError(
    "INVALID_NAME",
    `"${name}" is no name; use 1 to 249 of the letters a-z and A-Z, digits, ".", "_" and "-"`,
  );
}
