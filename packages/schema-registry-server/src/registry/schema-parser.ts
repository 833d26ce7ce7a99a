import { messageOf } from "@millrace/model";
import type {
  ParsedSchema,
  ResolvedReference,
  SchemaFormat,
  SchemaReference,
} from "@millrace/schema-registry";

import { guidOf } from "../records/guid.ts";
import { subjectBeside } from "../records/qualified-subject.ts";
import type { StoredSchema } from "../records/stored-schema.ts";
import { RegistryError } from "../registry-error.ts";
import type { RegistryState } from "../state/registry-state.ts";

/** What there is to parse. */
export interface SchemaText {
  readonly subject: string;
  readonly schemaType: string;
  readonly schema: string;
  readonly references: readonly SchemaReference[];
}

export interface ParsedText {
  readonly parsed: ParsedSchema;
  /** With the versions that were meant by -1. */
  readonly references: readonly SchemaReference[];
}

const cachedMax = 1000;
/** Of the texts of what is cached: parsed, a text takes up to thirty times its size. */
const cachedCharsMax = 8 * 2 ** 20;
/** Of references within references, and of all of one schema. */
const depthMax = 50;
const referencesMax = 1000;
/** Of the texts of all that one schema refers to. */
const referencedCharsMax = 8 * 2 ** 20;

/** Parses texts with the schemas that they refer to; keeps the latest. */
export class SchemaParser {
  readonly #formats: ReadonlyMap<string, SchemaFormat>;
  readonly #state: RegistryState;
  /** In the order of their last use. */
  readonly #cache = new Map<string, CachedSchema>();
  #cachedChars = 0;

  constructor(state: RegistryState, formats: readonly SchemaFormat[]) {
    this.#state = state;
    this.#formats = new Map(formats.map((format) => [format.schemaType, format]));
  }

  get schemaTypes(): readonly string[] {
    return [...this.#formats.keys()];
  }

  /**
   * @param isNew it must be what registries take today, and its references must not be soft-deleted
   * @throws RegistryError `INVALID_SCHEMA`
   */
  parse(text: SchemaText, { isNew }: { readonly isNew: boolean }): ParsedText {
    const { schemaType, schema } = text;
    const format = this.#formats.get(schemaType);
    if (format === undefined)
      throw invalid(
        `there is no schema type ${JSON.stringify(schemaType)}; give one of ${this.schemaTypes.join(", ")}`,
      );
    const left = { references: referencesMax, chars: referencedCharsMax };
    const walk = { isNew, depth: 0, left };
    const resolved = this.#resolve(text.subject, text.references, walk);
    const references = resolved.map(({ name, subject, version }) => ({ name, subject, version }));
    const key = `${schemaType} ${isNew} ${guidOf({ schema, references })} ${resolved.map(contentKey).join()}`;
    const cached = this.#cache.get(key);
    if (cached !== undefined) {
      this.#keep(key, cached);
      return { parsed: cached.parsed, references };
    }
    try {
      const parsed = format.parse(schema, resolved, { isNew });
      const chars = schema.length + referencedCharsMax - left.chars;
      this.#keep(key, { parsed, chars });
      return { parsed, references };
    } catch (error) {
      const reason = messageOf(error);
      throw invalid(`the ${schemaType} schema cannot be read: ${reason}`, error);
    }
  }

  /** One that is stored already. */
  parseStored(stored: StoredSchema): ParsedSchema {
    return this.parse(stored, { isNew: false }).parsed;
  }

  #keep(key: string, schema: CachedSchema): void {
    this.#forget(key);
    this.#cache.set(key, schema);
    this.#cachedChars += schema.chars;
    for (const oldest of this.#cache.keys()) {
      if (this.#cache.size <= cachedMax && this.#cachedChars <= cachedCharsMax) break;
      this.#forget(oldest);
    }
  }

  #forget(key: string): void {
    this.#cachedChars -= this.#cache.get(key)?.chars ?? 0;
    this.#cache.delete(key);
  }

  #resolve(
    parent: string,
    references: readonly SchemaReference[],
    walk: ReferenceWalk,
  ): readonly ResolvedReference[] {
    if (walk.depth > depthMax) throw invalid(`references go deeper than ${depthMax} schemas`);
    const deeper = { ...walk, depth: walk.depth + 1 };
    return references.map(({ name, subject, version }) => {
      if (walk.left.references-- === 0)
        throw invalid(`a schema may refer to ${referencesMax} others, all in all`);
      const target = subjectBeside(parent, subject);
      const found =
        version === -1 ? this.#state.latest(target) : this.#state.version(target, version);
      if (found === undefined || (walk.isNew && found.isDeleted))
        throw invalid(
          `the reference ${JSON.stringify(name)} is to version ${version} of subject ${JSON.stringify(target)}, which is not there`,
        );
      walk.left.chars -= found.schema.length;
      if (walk.left.chars < 0)
        throw invalid(
          `what a schema refers to may have ${referencedCharsMax} characters, all in all`,
        );
      return {
        name,
        subject,
        version: found.version,
        schema: found.schema,
        references: this.#resolve(target, found.references, deeper),
      };
    });
  }
}

interface ReferenceWalk {
  readonly isNew: boolean;
  readonly depth: number;
  readonly left: { references: number; chars: number };
}

interface CachedSchema {
  readonly parsed: ParsedSchema;
  /** Of its text, and of all that it refers to. */
  readonly chars: number;
}

/** Versions can be overwritten under IMPORT: what they hold counts. */
function contentKey({ schema, references }: ResolvedReference): string {
  return `${guidOf({ schema, references: [] })}(${references.map(contentKey).join()})`;
}

function invalid(message: string, cause?: unknown): RegistryError {
  return new RegistryError("INVALID_SCHEMA", message, { cause });
}
