import { MemorySchemaRegistry } from "@millrace/schema-registry";
import type { Serde } from "@millrace/serde";
import { protobuf, protobufFormat } from "@millrace/serde-protobuf";
import protobufjs from "protobufjs";

/**
 * An order of about 100 bytes: texts, numbers, longs, an enum, a list of messages, a map. Versions differ in a field that
 * no record has, so that all of them cost the same.
 */
export function orderSchema(version = 0): string {
  return `syntax = "proto3"; package shop;
    message Order { string id = 1; string customer = 2; int64 cents = 3; int32 quantity = 4; State state = 5;
      repeated Line lines = 6; bool gift = 7; double weight = 8; map<string, string> labels = 9; int64 placed_at = 10;
      optional string note_${version} = ${100 + version};
      message Line { string sku = 1; int32 quantity = 2; int64 cents = 3; }
      enum State { NEW = 0; PAID = 1; } }`;
}

/** As our serde holds it. */
export const order = {
  id: "order-12345",
  customer: "customer-77",
  cents: 129_900n,
  quantity: 3,
  state: 1,
  lines: [
    { sku: "sku-1", quantity: 1, cents: 100n },
    { sku: "sku-2", quantity: 2, cents: 64_900n },
  ],
  gift: true,
  weight: 1.25,
  labels: { channel: "web" },
  placedAt: 1_700_000_000_000n,
};

/** The type by protobufjs alone. */
export const bareType = protobufjs.parse(orderSchema()).root.lookupType("shop.Order");

/** As protobufjs holds it. */
export const bareOrder = bareType.fromObject({
  ...order,
  cents: `${order.cents}`,
  placedAt: `${order.placedAt}`,
  lines: order.lines.map((line) => ({ ...line, cents: `${line.cents}` })),
});

export interface Versions {
  readonly serde: Serde<object>;
  /** One record of each version. */
  readonly records: readonly Uint8Array[];
}

/** Records of several versions of a schema, and the serde that reads them: with a schema of its own, or with theirs. */
export function versionsOf(count: number, readsAs: "own" | "theirs"): Versions {
  const registry = new MemorySchemaRegistry({ formats: [protobufFormat] });
  const records = Array.from({ length: count }, (_, index) => {
    const writer = protobuf<object>(orderSchema(index), { message: "Order", registry });
    return writer.serialize(order, "orders");
  });
  const serde =
    readsAs === "own"
      ? protobuf<object>(orderSchema(), { message: "Order", registry })
      : protobuf<object>({ registry });
  return { serde, records };
}
