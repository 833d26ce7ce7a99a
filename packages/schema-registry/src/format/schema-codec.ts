import type { ResolvedReference, SchemaReference, SchemaType } from "./schema-format.ts";

/** A schema that a program writes with, before a registry knows it. */
export interface OwnSchema {
  readonly schemaType: SchemaType;
  readonly text: string;
  /** What the text refers to; empty where nothing. */
  readonly references: readonly OwnReference[];
  /** The full name of what is written, for subjects that are named by it. */
  readonly recordName?: string;
}

/** What a schema of the program refers to: a version that a registry has, or a schema of the program too. */
export type OwnReference =
  | SchemaReference
  | {
      readonly name: string;
      readonly subject: string;
      /** Registered before what refers to it, or looked up for its version. */
      readonly schema: OwnSchema;
    };

/** A schema as a registry has it. */
export interface KnownSchema {
  /** For messages: `schema 7 of http://localhost:8081`. */
  readonly name: string;
  readonly schemaType: SchemaType;
  /** As the registry gives it; of one that was just registered, as it was given. */
  readonly text: string;
  readonly references: readonly ResolvedReference[];
}

/**
 * One format's values, for `registrySerde`, which has the ids, subjects, caches and frames. Both functions are called
 * once for a schema; what they give is called for each record.
 */
export interface SchemaCodec<T> {
  /** Of the serde, such as `avro`: what the program calls it. */
  readonly name: string;
  readonly schemaType: SchemaType;
  /** The schemas that the program may write with: those that are registered, or looked up, before records flow. */
  readonly ownSchemas: readonly OwnSchema[];
  /**
   * Which of `ownSchemas` a value is written with: called for each record where there are several. It throws for a
   * value of none.
   */
  ownSchemaOf?(value: T): OwnSchema;
  /**
   * @param own the schema of the program that `schema` stands for; undefined: the registry's is written with as it is
   *   (`useLatestVersion` and `useSchemaId` of a program without a schema)
   * @throws SchemaError `INVALID_SCHEMA`
   */
  writer(schema: KnownSchema, own: OwnSchema | undefined): SchemaWriter<T>;
  /**
   * Reads what was written with `schema`, as the program sees it: with its own schema where it has one.
   *
   * @throws SchemaError `INVALID_SCHEMA`; or what says that the two schemas never fit
   */
  reader(schema: KnownSchema): SchemaReader<T>;
}

/** Values of one schema to bytes. */
export interface SchemaWriter<T> {
  /** Protobuf: `messageIndexes` of the message. They end up in the frame. Absent: none. */
  readonly indexes?: Uint8Array;
  /** New bytes, which begin with a copy of `prefix`. Throws for a value that the schema does not allow. */
  write(value: T, prefix: Uint8Array): Uint8Array;
}

/** Bytes of one schema to values. */
export interface SchemaReader<T> {
  /**
   * Reads a value, which goes up to the end of the bytes.
   *
   * @param bytes a view that may change after the call: what is kept of it is copied
   * @param at where the value begins; in Protobuf the message indexes before it
   */
  read(bytes: Uint8Array, at: number): T;
  /** Protobuf: the same where the message indexes stand apart, in a header from `at` up to its end. */
  readApart?(bytes: Uint8Array, header: Uint8Array, at: number): T;
}
