import { avroAnswerers } from "./answer-avro.ts";
import { jsonSchemaAnswerers } from "./answer-json-schema.ts";
import { protobufAnswerers } from "./answer-protobuf.ts";
import { registryAnswerer } from "./answer-registry.ts";
import type { FactAnswer, FactCase } from "./facts.ts";

/** One kind of cases: how our code answers them, how many were recorded, and what equal means for them. */
export interface Answerer {
  /** The file of the cases; where it holds several formats, with the format: `wire/wire-format AVRO`. */
  readonly kind: string;
  /** How many cases of this kind lie under `cases/`. */
  readonly count: number;
  answer(given: FactCase): FactAnswer | Promise<FactAnswer>;
  /** What differs from the recorded facts; empty: nothing. */
  differences(recorded: FactCase, answer: FactAnswer): readonly string[];
  /** Ends what the answers needed. */
  close?(): Promise<void>;
}

/** Each kind that we answer has a row here. */
export const answerers: readonly Answerer[] = [
  ...avroAnswerers,
  ...jsonSchemaAnswerers,
  ...protobufAnswerers,
  registryAnswerer,
];

/** Ends what answerers have started. */
export async function closeAnswerers(): Promise<void> {
  for (const answerer of answerers) await answerer.close?.();
}

/** Which kind a case is of. */
export function kindOf(given: FactCase): string {
  return typeof given["format"] === "string" ? `${given.of} ${given["format"]}` : given.of;
}

/**
 * Our answer to one case; `failure` in it: our code threw. Undefined: nothing here answers this kind.
 */
export async function answerCase(given: FactCase): Promise<FactAnswer | undefined> {
  const answerer = answerers.find(({ kind }) => kind === kindOf(given));
  if (answerer === undefined) return undefined;
  const { of, name } = given;
  try {
    return { of, name, ...(await answerer.answer(given)) };
  } catch (error) {
    return { of, name, failure: error instanceof Error ? (error.stack ?? error.message) : error };
  }
}
