/** A schema, as each client is given it. */
export interface StepSchema {
  readonly schemaType: "AVRO" | "PROTOBUF" | "JSON";
  readonly schema: string;
  readonly references?: readonly {
    readonly name: string;
    readonly subject: string;
    readonly version: number;
  }[];
}

/** What another client is asked to do; each gives what `Answer` says. */
export type Step =
  /** The id. */
  | { readonly do: "register"; readonly subject: string; readonly schema: StepSchema }
  /** The schema's text, with that of an Avro schema printed as the client does. */
  | { readonly do: "byId"; readonly subject: string; readonly id: number }
  /** The id. */
  | { readonly do: "latest"; readonly subject: string }
  /** The id. */
  | { readonly do: "version"; readonly subject: string; readonly version: number }
  /** The id. */
  | { readonly do: "lookUp"; readonly subject: string; readonly schema: StepSchema }
  /** The versions. */
  | { readonly do: "delete"; readonly subject: string; readonly permanent: boolean }
  /** Bytes in hex. The subject is the topic's, and has the schema; or the serializer registers `registers` there. */
  | {
      readonly do: "write";
      readonly topic: string;
      readonly registers?: string;
      readonly schemaType: StepSchema["schemaType"];
      readonly value: unknown;
    }
  /** A value as JSON. */
  | {
      readonly do: "read";
      readonly topic: string;
      readonly schemaType: StepSchema["schemaType"];
      readonly hex: string;
    };

/** What a step gave; or the registry's refusal, as the client tells it; or what else went wrong. */
export type Answer =
  | { readonly gave: unknown }
  | { readonly status: number; readonly errorCode?: number }
  | { readonly failure: string };

/** What a program of steps is given as its one argument. */
export interface StepProgram {
  readonly url: string;
  /** Where the client is installed. */
  readonly cache: string;
  readonly steps: readonly Step[];
  /** The file of the Protobuf messages, a `FileDescriptorProto` in base64. */
  readonly descriptor: string;
}
