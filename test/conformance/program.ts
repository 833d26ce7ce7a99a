/** Programs and outcomes as the oracle's FORMAT.md specifies them. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [field: string]: Json | undefined;
}

export interface Program {
  readonly name: string;
  readonly config?: JsonObject;
  readonly program: readonly JsonObject[];
  readonly steps: readonly JsonObject[];
}

export type ErrorClass =
  | "user"
  | "topology"
  | "config"
  | "serialization"
  | "streams"
  | "argument"
  | "state";

export interface OutcomeError {
  readonly phase: "build" | "start" | "run";
  readonly class: ErrorClass;
  /** For people: left out unless asked for. */
  readonly message?: string;
}

export interface OutcomeRecord {
  readonly topic: string;
  readonly key: string | null;
  readonly value: string | null;
  readonly ts: number | null;
  readonly headers?: readonly (readonly [string, string | null])[];
}

export interface OutcomeStep {
  out?: readonly OutcomeRecord[];
  dropped?: number;
  result?: readonly JsonObject[];
  error?: OutcomeError;
}

export interface Outcome {
  name: string;
  describe?: string;
  subtopologies?: readonly unknown[];
  steps?: OutcomeStep[];
  stores?: Readonly<Record<string, unknown>>;
  metrics?: { readonly "dropped-records-total": number };
  error?: OutcomeError;
  unsupported?: string;
  badProgram?: string;
}

export function asText(json: Json | undefined): string {
  return typeof json === "string" ? json : String(json);
}

export function asObject(json: Json | undefined): JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json)
    ? (json as JsonObject)
    : {};
}

export function asList(json: Json | undefined): readonly Json[] {
  return Array.isArray(json) ? (json as readonly Json[]) : [];
}

export function textOrUndefined(json: Json | undefined): string | undefined {
  return json === undefined ? undefined : asText(json);
}
