import type { Clock } from "@millrace/platform";
import type { SchemaReference, SchemaType } from "../format/schema-format.ts";
import type { Answer } from "./answer.ts";

/**
 * What serdes need of a schema registry. `SchemaRegistryClient` reaches one over HTTP, `MemorySchemaRegistry` is one for
 * tests.
 *
 * All reject with a `SchemaRegistryError`, or with the signal's reason.
 */
export interface SchemaRegistry {
  /** For messages: its address. */
  readonly name: string;
  /** For how long failures are remembered. */
  readonly clock: Pick<Clock, "monotonicMs">;
  /** Why it gives nothing at the moment; undefined: it answers, or was not asked yet. */
  readonly failure?: Error | undefined;
  schemaById(id: number, options?: CallOptions): Answer<RegisteredSchema>;
  schemaByGuid(guid: string, options?: CallOptions): Answer<RegisteredSchema>;
  /** Deleted versions are found too: what refers to them is still read. */
  referencedVersion(
    subject: string,
    version: number,
    options?: CallOptions,
  ): Answer<SubjectVersion>;
  latestVersion(subject: string, options?: CallOptions): Answer<SubjectVersion>;
  register(subject: string, schema: NewSchema, options?: RegisterOptions): Answer<Registration>;
  /** Which version of the subject the schema is. */
  lookUp(subject: string, schema: NewSchema, options?: RegisterOptions): Answer<SubjectVersion>;
}

export interface CallOptions {
  /** Ends the call; what it rejects with is the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface RegisterOptions extends CallOptions {
  /** Schemas that differ in what does not matter, such as the order of attributes, are one. Default: the registry's. */
  readonly normalize?: boolean;
}

/** A schema for a registry. */
export interface NewSchema {
  readonly schema: string;
  /** Default: `AVRO`. */
  readonly schemaType?: SchemaType;
  readonly references?: readonly SchemaReference[];
  readonly metadata?: SchemaMetadata;
  readonly ruleSet?: SchemaRuleSet;
  /** With which id, in mode IMPORT. */
  readonly id?: number;
  /** As which version: in mode IMPORT, or the next one. */
  readonly version?: number;
}

/** A schema of a registry. What an older server leaves out is filled in where there is one meaning. */
export interface RegisteredSchema {
  readonly schema: string;
  /** `AVRO` where the server said nothing. */
  readonly schemaType: SchemaType;
  readonly references: readonly SchemaReference[];
  /** Servers since 8.0. */
  readonly guid?: string;
  readonly metadata?: SchemaMetadata;
  /** Kept and shown; Millrace applies none of them. */
  readonly ruleSet?: SchemaRuleSet;
}

/** A version of a subject. */
export interface SubjectVersion extends RegisteredSchema {
  readonly subject: string;
  readonly version: number;
  readonly id: number;
  readonly deleted?: boolean;
}

/** What a registration answers: servers before 8.0 the id alone. */
export interface Registration {
  readonly id: number;
  readonly version?: number;
  readonly guid?: string;
}

/** Confluent: `Metadata`. */
export interface SchemaMetadata {
  readonly tags?: Readonly<Record<string, readonly string[]>>;
  readonly properties?: Readonly<Record<string, string>>;
  readonly sensitive?: readonly string[];
}

/** Confluent: `RuleSet`; rules as the registry has them. */
export interface SchemaRuleSet {
  readonly migrationRules?: readonly unknown[];
  readonly domainRules?: readonly unknown[];
  readonly encodingRules?: readonly unknown[];
}
