import { MemorySchemaRegistry } from "@millrace/schema-registry";
import { describe, expect, test } from "vitest";

import type { AvroOptions } from "./avro-options.ts";
import { avro } from "./avro.ts";
import type { AvroSchemaSource } from "./schema/schema-source.ts";

function write(schema: AvroSchemaSource, value: {}, options: AvroOptions = {}): Uint8Array {
  return avro<{}>(schema, options).serialize(value, "orders");
}

function record(name: string, ...fields: readonly object[]) {
  return { type: "record", name, fields };
}

const id = { name: "id", type: "string" } as const;
const note = { name: "note", type: ["null", "string"], default: null } as const;
const order = record("shop.Order", id, note);

describe("SERDE-5: a member of a value that the schema does not have", () => {
  test("is told, with the field that is near, and how to leave it out", () => {
    const thrown = (value: {}) => expect(() => write(order, value));
    thrown({ id: "o-1", notes: "x" }).toThrow(
      'the value has "notes", which the record shop.Order does not: did you mean note? Leave it out, or give excessFields: "drop"',
    );
    thrown({ id: "o-1", total: "5.00" }).toThrow(
      'the value has "total", which the record shop.Order does not: its fields are id, note.',
    );
    thrown({ id: "o-1", total: null }).toThrow('has "total"');
  });

  test("is told with its place, wherever it is", () => {
    const item = { name: "x", type: record("Other", { name: "a", type: "int" }) };
    const other = record("Other", { name: "a", type: "int" });
    const lines = record("Orders", { name: "lines", type: { type: "array", items: order } });
    expect(() => write(lines, { lines: [{ id: "a" }, { id: "b", id_: 1 }] })).toThrow(
      '/lines/1 has "id_"',
    );
    expect(() => write({ type: "map", values: order }, { a: { id: "b", c: 1 } })).toThrow(
      '/a has "c"',
    );
    expect(() => write(record("Outer", item), { x: { a: 1, b: 1 } })).toThrow('/x has "b"');
    expect(() => write(["null", order] as never, { id: "b", c: 1 })).toThrow('the value has "c"');
    const wrapped = [order, other] as never;
    expect(() => write(wrapped, { "shop.Order": { id: "b", c: 1 } })).toThrow(
      '/shop.Order has "c"',
    );
    const duration = { type: "fixed", name: "D", size: 12, logicalType: "duration" };
    const year = { months: 1, days: 2, milliseconds: 3, years: 1 };
    expect(() => write(duration, year)).toThrow("expected { months, days, milliseconds }");
  });

  test.each([1, 40])("is told of a record of %i fields, whatever their order", (count) => {
    const names = Array.from({ length: count }, (_, index) => `field${index}`);
    const wide = record("Wide", ...names.map((name) => ({ name, type: "int" })));
    const value = Object.fromEntries(names.map((name) => [name, 1]).toReversed());
    expect(write(wide, value)).toHaveLength(count);
    expect(() => write(wide, { extra: 1, ...value })).toThrow('has "extra"');
    expect(() => write(wide, { ...value, constructor: 1 })).toThrow('has "constructor"');
  });

  test("is told of a record without fields", () => {
    expect(write(record("Empty"), {})).toHaveLength(0);
    expect(() => write(record("Empty"), { a: 1 })).toThrow('"a", which the record Empty does not');
  });

  test("is absent where it is undefined, or is not the value's own", () => {
    class Row {
      readonly #id = "o-1";
      get id(): string {
        return this.#id;
      }
      total(): number {
        return 5;
      }
    }
    expect(write(order, new Row())).toEqual(write(order, { id: "o-1" }));
    expect(write(order, { id: "o-1", total: undefined })).toEqual(write(order, { id: "o-1" }));
    const inherits: object = Object.create({ id: "o-1", total: 5 });
    expect(write(order, inherits)).toEqual(write(order, { id: "o-1" }));
    expect(() => write(order, Object.assign(new Row(), { total: 5 }))).toThrow('has "total"');
  });

  test('is dropped with excessFields: "drop"', () => {
    const options = { excessFields: "drop" } as const;
    const plain = write(order, { id: "o-1" });
    expect(write(order, { id: "o-1", notes: "x", total: 5 }, options)).toEqual(plain);
    const other = () => write(order, { id: 5, notes: "x" }, options);
    expect(other).toThrow("/id is 5");
    const duration = { type: "fixed", name: "D", size: 12, logicalType: "duration" };
    const month = { months: 1, days: 2, milliseconds: 3 };
    expect(write(duration, { ...month, years: 1 }, options)).toEqual(write(duration, month));
  });

  test("is told where the registry's latest version is older than the program's", () => {
    const registry = new MemorySchemaRegistry();
    const older = { type: "record", name: "Order", fields: [id] } as const;
    const newer = { ...older, fields: [id, note] } as const;
    registry.register("orders-value", { schema: JSON.stringify(older) });
    const value = { id: "o-1", note: "x" };
    const latest = { registry, useLatestVersion: true };
    expect(() => avro(newer, latest).serialize(value, "orders")).toThrow('has "note"');
    const dropping = avro(newer, { ...latest, excessFields: "drop" });
    expect(dropping.deserialize(dropping.serialize(value, "orders"), "orders").note).toBeNull();
  });
});
