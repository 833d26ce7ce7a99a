import { SchemaError } from "../format/schema-error.ts";
import type { ResolvedReference, SchemaReference } from "../format/schema-format.ts";
import { eachAnswered, whenAnswered, type Answer } from "./answer.ts";
import type { SchemaRegistry } from "./schema-registry.ts";

/** How many references one schema may have, those of its references among them. */
const referencesMax = 1000;
/** How deep references may stand within each other. */
const depthMax = 100;

/**
 * What a schema refers to, with the texts; each version is asked for once.
 *
 * @throws SchemaError `INVALID_SCHEMA` beyond what a schema may hold; SchemaRegistryError that names what is missing
 */
export function resolveReferences(
  registry: SchemaRegistry,
  references: readonly SchemaReference[],
): Answer<readonly ResolvedReference[]> {
  return new ReferenceWalk(registry).resolve(references, 0);
}

class ReferenceWalk {
  readonly #registry: SchemaRegistry;
  readonly #found = new Map<string, Omit<ResolvedReference, "name">>();

  constructor(registry: SchemaRegistry) {
    this.#registry = registry;
  }

  resolve(
    references: readonly SchemaReference[],
    depth: number,
  ): Answer<readonly ResolvedReference[]> {
    return eachAnswered(references, ({ name, subject, version }) => {
      const key = `${version} ${subject}`;
      const known = this.#found.get(key);
      if (known !== undefined) return { name, ...known };
      if (this.#found.size >= referencesMax || depth >= depthMax)
        throw new SchemaError(
          "INVALID_SCHEMA",
          `the schema refers to more than ${referencesMax} others, or through more than ${depthMax}`,
        );
      return whenAnswered(this.#registry.referencedVersion(subject, version), (answer) =>
        whenAnswered(this.resolve(answer.references, depth + 1), (inner) => {
          const found = { subject, version, schema: answer.schema, references: inner };
          this.#found.set(key, found);
          return { name, ...found };
        }),
      );
    });
  }
}
