import { fromHex, noBytes, noHeaders, toHex, type Headers } from "@millrace/model";
import type { RegistrySerdeOptions } from "@millrace/schema-registry";
import { WritePlace, type Serde, type SerdePart } from "@millrace/serde";

import { caseRegistry, type WireCase } from "./case-registry.ts";
import type { FactAnswer } from "./facts.ts";

/** A value written and read by a serde for the case, where it stood: a topic, a part, a header or none. */
export function answerWire<T>(
  given: WireCase,
  serdeOf: (options: RegistrySerdeOptions) => Serde<T>,
  value: T & {},
): { readonly written: FactAnswer; readonly read: T & {} } {
  const { subject, header } = given;
  const part: SerdePart = subject.endsWith("-key") ? "key" : "value";
  const topic = subject.slice(0, -`-${part}`.length);
  const registry = caseRegistry(given);
  const serde = serdeOf({ registry, framing: header === undefined ? "prefix" : "header" });
  const place = new WritePlace(part).at(noHeaders);
  const bytes = serde.serialize(value, topic, place);
  const headers: Headers = header === undefined ? [] : [[header.key, fromHex(header.hex)]];
  const read = serde.deserialize(fromHex(given.bytes), topic, { part, headers });
  const [told] = place.headers.map(([key, content]) => ({ key, hex: toHex(content ?? noBytes) }));
  return {
    written: { bytes: toHex(bytes), ...(told === undefined ? {} : { header: told }) },
    read,
  };
}
