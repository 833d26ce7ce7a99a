import { isDeepStrictEqual } from "node:util";

import { decodeUtf8, fromHex } from "@millrace/model";
import { idFrameSize } from "@millrace/schema-registry";
import { jsonSchema, jsonSchemaFormat } from "@millrace/serde-json-schema";

import { compatibilityWith } from "./answer-compatibility.ts";
import { answerWire } from "./answer-wire.ts";
import type { Answerer } from "./answerers.ts";
import type { WireCase } from "./case-registry.ts";
import { allowedDiffers, difference, membersDiffer } from "./compare.ts";
import type { FactAnswer, FactCase } from "./facts.ts";

export const jsonSchemaAnswerers: readonly Answerer[] = [
  {
    kind: "compatibility/json-schema",
    count: 217,
    answer: compatibilityWith(jsonSchemaFormat),
    differences: allowedDiffers,
  },
  { kind: "wire/wire-format JSON", count: 7, answer: answerRecord, differences: recordDiffers },
];

function answerRecord(line: FactCase): FactAnswer {
  const given = line as WireCase;
  const { schema, references = [] } = given;
  const { written, read } = answerWire(
    given,
    (registry) => jsonSchema<unknown>(schema, { ...registry, references }),
    given.value as {},
  );
  return { ...written, value: read };
}

/** Equal: the same frame, and the same JSON after it; how its text is laid out is the writer's choice. */
function recordDiffers(recorded: FactCase, answer: FactAnswer): readonly string[] {
  const given = recorded as WireCase;
  const start = given.header === undefined ? idFrameSize * 2 : 0;
  const wrote = `${answer["bytes"]}`;
  const isSame =
    wrote.slice(0, start) === given.bytes.slice(0, start) &&
    isDeepStrictEqual(jsonOf(wrote.slice(start)), jsonOf(given.bytes.slice(start)));
  return [
    ...(isSame ? [] : [difference("bytes", given.bytes, wrote)]),
    ...membersDiffer(["header", "value"])(recorded, answer),
  ];
}

function jsonOf(hex: string): unknown {
  return JSON.parse(decodeUtf8(fromHex(hex)));
}
