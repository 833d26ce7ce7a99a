import { readFileSync } from "node:fs";

import type { ProtobufReference } from "@millrace/serde-protobuf";

function protoFile(name: string): string {
  return readFileSync(new URL(`../proto/${name}`, import.meta.url), "utf8");
}

export const orderProto = protoFile("order.proto");
/** What `order.proto` imports; the file of timestamps is known. */
export const references: readonly ProtobufReference[] = [
  { name: "money.proto", schema: protoFile("money.proto") },
];

export interface Money {
  readonly currency: string;
  readonly cents: bigint;
}

interface OrderOf<Payment> {
  readonly id: string;
  /** As it stands in Protobuf: to the nanosecond. */
  readonly placedAt?: { readonly seconds: bigint; readonly nanos: number };
  readonly lines: readonly {
    readonly sku: string;
    readonly count: number;
    readonly price?: Money;
  }[];
  /** Which member of the oneof is there; nobody has to give it. */
  readonly payment?: Payment;
}

/** The members of the oneof tell the types apart. */
export type Order =
  | (OrderOf<"card"> & { readonly card: string; readonly invoiceTo?: undefined })
  | (OrderOf<"invoiceTo"> & { readonly invoiceTo: string; readonly card?: undefined });

export interface Bill {
  readonly order: string;
  readonly total?: Money;
  readonly pays: string;
}
