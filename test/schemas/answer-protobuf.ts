import type { RegistrySerdeOptions } from "@millrace/schema-registry";
import type { Serde } from "@millrace/serde";
import { protobuf, protobufFormat } from "@millrace/serde-protobuf";

import { compatibilityWith } from "./answer-compatibility.ts";
import { answerWire } from "./answer-wire.ts";
import type { Answerer } from "./answerers.ts";
import type { WireCase } from "./case-registry.ts";
import { allowedDiffers, membersDiffer } from "./compare.ts";
import type { FactAnswer, FactCase } from "./facts.ts";

export const protobufAnswerers: readonly Answerer[] = [
  {
    kind: "compatibility/protobuf",
    count: 160,
    answer: compatibilityWith(protobufFormat),
    differences: allowedDiffers,
  },
  {
    kind: "wire/wire-format PROTOBUF",
    count: 28,
    answer: answerProtobufWire,
    differences: membersDiffer(["bytes", "header", "value"]),
  },
];

/** Written with the case's schema; read as a program without one does. */
function answerProtobufWire(given: FactCase): FactAnswer {
  const wire = given as WireCase;
  const { schema, references = [], value } = wire;
  const { written, read } = answerWire<unknown>(wire, serdeOf, value as {});
  return { ...written, value: read };

  function serdeOf(options: RegistrySerdeOptions): Serde<unknown> {
    const message = `${given["message"]}`;
    const writer = protobuf<unknown>(schema, { ...options, message, references, values: "json" });
    const reader = protobuf<unknown>({ ...options, values: "json" });
    return {
      name: "protobuf",
      isNullable: false,
      serialize: (...of) => writer.serialize(...of),
      deserialize: (...of) => reader.deserialize(...of),
    };
  }
}
