import { fromHex, noBytes, noHeaders, toHex, type Headers } from "@millrace/model";
import { WritePlace, type SerdePart } from "@millrace/serde";
import { protobuf, protobufFormat, type ProtobufReference } from "@millrace/serde-protobuf";

import { compatibilityWith } from "./answer-compatibility.ts";
import type { Answerer } from "./answerers.ts";
import { allowedDiffers, membersDiffer } from "./compare.ts";
import type { FactAnswer, FactCase } from "./facts.ts";
import { registryOfCase } from "./registry-of-case.ts";

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
    answer: answerWire,
    differences: membersDiffer(["bytes", "header", "value"]),
  },
];

/** The value written, with header framing where the case has a header, and the bytes read; by two serdes. */
function answerWire(given: FactCase): FactAnswer {
  const registry = registryOfCase(given);
  const header = given["header"] as { readonly key: string; readonly hex: string } | undefined;
  const part: SerdePart = `${given["subject"]}`.endsWith("-key") ? "key" : "value";
  const serde = protobuf<unknown>(`${given["schema"]}`, {
    message: `${given["message"]}`,
    references: (given["references"] ?? []) as readonly ProtobufReference[],
    values: "json",
    registry,
    autoRegisterSchemas: false,
    framing: header === undefined ? "prefix" : "header",
  });
  const place = new WritePlace(part).at(noHeaders);
  const written = serde.serialize(given["value"] as {}, "topic", place);
  const headers: Headers = header === undefined ? [] : [[header.key, fromHex(header.hex)]];
  const reader = protobuf<unknown>({ registry, values: "json" });
  const value = reader.deserialize(fromHex(`${given["bytes"]}`), "topic", { part, headers });
  return {
    bytes: toHex(written),
    value,
    ...headerOf(place.headers),
  };
}

function headerOf([header]: Headers): FactAnswer {
  if (header === undefined) return {};
  const [key, content] = header;
  return { header: { key, hex: toHex(content ?? noBytes) } };
}
