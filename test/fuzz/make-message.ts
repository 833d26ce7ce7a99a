import type { SeededRandom } from "@millrace/platform";
import type { Api, Field, Fields } from "@millrace/protocol";
import { encodeRequest } from "@millrace/protocol";
import { zeroUuid } from "@millrace/protocol/wire";

const words = ["", "a", "orders", "group", "ann", "retention.ms", "ü€", "x".repeat(300)];
const numbers = [0, 1, -1, 2, 3, 100, 127, -128];

/** A request of a version, with values that mean something here and there. */
export function makeRequest(random: SeededRandom, api: Api, version: number): Uint8Array {
  const header = { version, correlationId: random.nextUint32() | 0, clientId: pick(random, words) };
  const body = fieldsOf(random, api.request.fields, version);
  return Buffer.concat(encodeRequest(api, header, body)).subarray(4);
}

function fieldsOf(random: SeededRandom, fields: Fields, version: number): Record<string, unknown> {
  const present = Object.entries(fields).filter(([, field]) => isPresent(field, version));
  return Object.fromEntries(
    present.map(([name, field]) => [name, valueOf(random, field, version)]),
  );
}

function isPresent({ options: { since = 0, until = Infinity } }: Field, version: number): boolean {
  return version >= since && version <= until;
}

function valueOf(random: SeededRandom, field: Field, version: number): unknown {
  const { nullable } = field.options;
  const mayBeNull = nullable === true || (nullable !== undefined && version >= nullable);
  if (mayBeNull && random.chance(0.2)) return null;
  switch (field.kind) {
    case "bool":
      return random.chance(0.5);
    case "string":
      return pick(random, words);
    case "uuid":
      return zeroUuid;
    case "bytes":
    case "records":
      return Uint8Array.from({ length: random.below(40) }, () => random.below(256));
    case "struct":
      return fieldsOf(random, field.fields ?? {}, version);
    case "array":
      return Array.from({ length: random.below(3) }, () =>
        field.element === undefined ? 0 : valueOf(random, field.element, version),
      );
    case "uint16":
    case "uint32":
    case "float64":
      return random.below(1000);
    default:
      return pick(random, numbers);
  }
}

export function pick<Item>(random: SeededRandom, items: readonly Item[]): Item {
  return items[random.below(items.length)];
}
