import { string } from "./string.ts";
import type { Serde } from "./serde.ts";

const pattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * UUIDs as their text, in lower case as `randomUUID()` gives them (Kafka: `Serdes.UUID`, which writes the same).
 * One that was written in capitals is read in lower case.
 *
 * @throws RangeError on other text
 * @example builder.table("accounts", { key: uuid(), value: json(Account) })
 */
export function uuid(): Serde<string> {
  return uuidSerde;
}

const text = string();

const uuidSerde: Serde<string> = Object.freeze({
  name: "uuid",
  isNullable: false,
  isInjective: true,
  serialize: (value: string) => {
    requireUuid(value);
    return text.serialize(value, "");
  },
  deserialize: (view: Uint8Array) => {
    const value = text.deserialize(view, "").toLowerCase();
    requireUuid(value);
    return value;
  },
  sizeOf: (value: string) => {
    requireUuid(value);
    return 36;
  },
});

/** One UUID has one text, else it would be two keys. */
function requireUuid(value: unknown): void {
  if (typeof value === "string" && pattern.test(value)) return;
  const isInCapitals = typeof value === "string" && pattern.test(value.toLowerCase());
  throw new RangeError(
    isInCapitals
      ? `expected a UUID in lower case, got ${value}; use toLowerCase()`
      : `expected a UUID, such as randomUUID() gives, got ${typeof value === "string" ? JSON.stringify(value.slice(0, 50)) : typeof value}`,
  );
}
