import { isDeepStrictEqual } from "node:util";

import { fromHex } from "@millrace/model";
import { AvroError, avro, avroFingerprint, avroFormat } from "@millrace/serde-avro";

import { readSource } from "../../../packages/serde-avro/src/schema/schema-source.ts";
import { difference } from "../compare.ts";
import { showValue } from "../avro-values.ts";
import type { JudgedPair } from "./ask-java.ts";

const plain = { logicalTypes: "plain" } as const;

/** What we say otherwise than Apache Avro. */
export function differencesOf(pair: JudgedPair): readonly string[] {
  const { name, writer, reader } = pair;
  if (pair.refused !== undefined) return [`${name} ${pair.refused}: ${writer} ${reader}`];
  const found: string[] = [];
  const compare = (what: string, theirs: unknown, ours: unknown): void => {
    if (!isDeepStrictEqual(theirs, ours)) found.push(`${name} ${difference(what, theirs, ours)}`);
  };
  const parsed = avroFormat.parse(writer, []);
  compare("printed", pair.printed, parsed.text);
  compare("fingerprint", pair.fingerprint, hex(avroFingerprint(writer)));
  const problems = avroFormat.parse(reader, []).differencesFrom(parsed, "STRICT");
  compare("problems", told(pair.problems), told(problems));
  for (const [index, bytes] of pair.values.entries()) {
    compare(`value ${bytes}`, pair.answers[index], answerOf(pair, bytes));
  }
  return found;
}

function told(problems: JudgedPair["problems"]): readonly string[] {
  return [...new Set(problems.map(({ kind, path }) => `${kind} ${path}`))].sort();
}

function answerOf({ writer, reader }: JudgedPair, bytes: string): unknown {
  try {
    const serde = avro<unknown>(reader, { ...plain, writtenWith: [writer] });
    const value = serde.deserialize(fromHex(bytes), "topic");
    return { value: showValue(readSource(reader), value, plain) };
  } catch (error) {
    if (!(error instanceof AvroError)) throw error;
    return { error: error.code === "UNRESOLVABLE" ? "resolution" : error.code };
  }
}

function hex(fingerprint: bigint): string {
  return fingerprint.toString(16).padStart(16, "0");
}
