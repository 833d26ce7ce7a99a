import { createHash } from "node:crypto";

import { fromHex, toHex } from "@millrace/model";
import { SchemaError } from "@millrace/schema-registry";
import {
  avro,
  avroCanonicalForm,
  AvroError,
  avroFingerprint,
  avroFormat,
  type AvroOptions,
} from "@millrace/serde-avro";

import { readSource } from "../../packages/serde-avro/src/schema/schema-source.ts";

import { answerWire } from "./answer-wire.ts";
import { compatibilityWith } from "./answer-compatibility.ts";
import type { Answerer } from "./answerers.ts";
import { readValue, showValue } from "./avro-values.ts";
import type { WireCase } from "./case-registry.ts";
import { compatibilityDiffers, membersDiffer } from "./compare.ts";
import type { FactAnswer, FactCase } from "./facts.ts";

const compatibility = {
  answer: compatibilityWith(avroFormat),
  differences: compatibilityDiffers,
};

export const avroAnswerers: readonly Answerer[] = [
  { kind: "compatibility/avro", count: 180, ...compatibility },
  { kind: "compatibility/avro-generated", count: 400, ...compatibility },
  {
    kind: "avro/canonical",
    count: 45,
    answer: answerCanonical,
    differences: membersDiffer(["canonical", "crc64", "md5", "sha256"]),
  },
  {
    kind: "avro/resolution",
    count: 160,
    answer: answerResolution,
    differences: membersDiffer(["error", "value", "rewritten", "logical"]),
  },
  {
    kind: "avro/single-object",
    count: 12,
    answer: answerSingleObject,
    differences: membersDiffer(["bytes", "value"]),
  },
  {
    kind: "wire/wire-format AVRO",
    count: 20,
    answer: (given) => answerRecord(given as WireCase),
    differences: membersDiffer(["bytes", "header", "value"]),
  },
];

function answerCanonical({ schema }: FactCase): FactAnswer {
  const canonical = avroCanonicalForm(`${schema}`);
  const digest = (algorithm: string): string =>
    createHash(algorithm).update(canonical, "utf8").digest("hex");
  return {
    canonical,
    crc64: avroFingerprint(`${schema}`).toString(16).padStart(16, "0"),
    md5: digest("md5"),
    sha256: digest("sha256"),
  };
}

const plain = { logicalTypes: "plain" } as const;

function answerResolution({ writer, reader, bytes, logical }: FactCase): FactAnswer {
  try {
    readSource(`${reader}`);
  } catch (error) {
    if (error instanceof SchemaError) return { error: "reader-schema" };
    throw error;
  }
  try {
    const serde = avro<unknown>(`${reader}`, { ...plain, writtenWith: [`${writer}`] });
    const value = serde.deserialize(fromHex(`${bytes}`), "topic");
    return {
      value: showValue(readSource(`${reader}`), value, plain),
      rewritten: toHex(serde.serialize(value, "topic")),
      ...(logical === undefined
        ? {}
        : { logical: logicalOf(`${writer}`, `${reader}`, `${bytes}`) }),
    };
  } catch (error) {
    if (error instanceof AvroError) return { error: resolutionErrors[error.code] ?? error.message };
    throw error;
  }
}

const resolutionErrors: Readonly<Record<string, string>> = {
  TRUNCATED: "truncated",
  MALFORMED: "malformed",
  UNRESOLVABLE: "resolution",
};

/** The value through the logical types; written again it has the same bytes. */
function logicalOf(writer: string, reader: string, bytes: string): unknown {
  const options: AvroOptions = { writtenWith: [writer] };
  const serde = avro<unknown>(reader, options);
  const value = serde.deserialize(fromHex(bytes), "topic");
  const again = avro<unknown>(reader).deserialize(serde.serialize(value, "topic"), "topic");
  const shown = showValue(readSource(reader), again, options);
  return shown;
}

function answerSingleObject({ schema, value, bytes }: FactCase): FactAnswer {
  const serde = avro<unknown>(`${schema}`, { ...plain, encoding: "single-object" });
  const read = serde.deserialize(fromHex(`${bytes}`), "topic");
  const own = readSource(`${schema}`);
  const written = serde.serialize(readValue(own, value, plain) as NonNullable<unknown>, "topic");
  return { bytes: toHex(written), value: showValue(own, read, plain) };
}

function answerRecord(given: WireCase): FactAnswer {
  const references = (given.references ?? []).map(({ name, subject, schema: text }) => ({
    name,
    subject,
    schema: text,
  }));
  const schema = avroFormat.parse(
    given.schema,
    references.map((one) => ({ ...one, version: 1, references: [] })),
  );
  const own = readSource(schema.formatted("resolved"));
  const { written, read } = answerWire(
    given,
    (options) => avro<unknown>(given.schema, { ...plain, ...options, references }),
    readValue(own, given.value, plain) as NonNullable<unknown>,
  );
  return { ...written, value: showValue(own, read, plain) };
}
