import type { OwnReference, OwnSchema } from "./schema-codec.ts";
import type { ResolvedReference } from "./schema-format.ts";

/** A schema that another one of the program refers to, as a serde is given it. */
export interface GivenReference<Source> {
  /** How the schema's text calls it: a full name in Avro, a file in Protobuf, a URI in JSON Schema. */
  readonly name: string;
  readonly schema: Source;
  /** Where a registry has it. Default: the name, as in Confluent's serializers. */
  readonly subject?: string;
  /** What it refers to itself. */
  readonly references?: readonly GivenReference<Source>[];
}

/** For `valueOption`: what references may be, of a format whose schemas are told by `isSource`. */
export function referencesKind(isSource: (given: unknown) => boolean) {
  const accepts = (given: unknown): boolean =>
    Array.isArray(given) &&
    given.every((one: unknown) => {
      if (typeof one !== "object" || one === null) return false;
      const { name, schema, subject, references } = one as Partial<GivenReference<unknown>>;
      const isSubject = subject === undefined || typeof subject === "string";
      const areInner = references === undefined || accepts(references);
      return typeof name === "string" && isSource(schema) && isSubject && areInner;
    });
  return {
    allowed: "a list of { name, schema }, with `subject` and `references` of their own",
    accepts,
  };
}

/** What a format parses a schema with. In the program there are no versions; a text is told apart by its subject. */
export function resolvedReferences<Source>(
  references: readonly GivenReference<Source>[],
  textOf: (source: Source) => string,
): readonly ResolvedReference[] {
  return references.map(({ name, subject = name, schema, references: inner = [] }) => ({
    name,
    subject,
    version: 1,
    schema: textOf(schema),
    references: resolvedReferences(inner, textOf),
  }));
}

/** What is registered before a schema. */
export function ownReferences<Source>(
  references: readonly GivenReference<Source>[],
  ownOf: (source: Source, references: readonly GivenReference<Source>[]) => OwnSchema,
): readonly OwnReference[] {
  return references.map(({ name, subject = name, schema, references: inner = [] }) => ({
    name,
    subject,
    schema: ownOf(schema, inner),
  }));
}
