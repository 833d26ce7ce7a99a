// What the programs and the mistakes of `dsl-…` have in common.
import { int64, json, StreamsBuilder, string } from "millrace";

export type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
export declare function check<_T extends true>(): void;
export type Key<S extends { readonly carries: { readonly key: unknown } }> = S["carries"]["key"];
export type Value<S extends { readonly carries: { readonly value: unknown } }> =
  S["carries"]["value"];

export interface Order {
  readonly kind: "order";
  readonly id: string;
  readonly customer: string;
  readonly product: number;
  readonly total: number;
}
export interface Refund {
  readonly kind: "refund";
  readonly id: string;
  readonly refunded: number;
}
export interface Payment {
  readonly order: string;
  readonly amount: number;
}
export interface Customer {
  readonly name: string;
  readonly country: string;
  readonly email?: string;
}
export interface Product {
  readonly label: string;
  readonly price: number;
}
export interface Reading {
  readonly sensor: string;
  readonly celsius: number;
}
export interface Click {
  readonly user: string;
  readonly page: string;
}
export interface Cart {
  readonly items: number;
  readonly paid: number;
  readonly clicks: number;
}

export const builder = new StreamsBuilder();
export const orders = builder.stream("orders", { key: string(), value: json<Order>() });
export const payments = builder.stream("payments", { key: string(), value: json<Payment>() });
export const events = builder.stream("events", { key: string(), value: json<Order | Refund>() });
export const clicks = builder.stream("clicks", { key: string(), value: json<Click>() });
export const readings = builder.stream("readings", { key: string(), value: json<Reading>() });
export const customers = builder.table("customers", {
  key: string(),
  value: json<Customer>(),
  store: "customers",
});
export const products = builder.globalTable("products", {
  key: int64(),
  value: json<Product>(),
  store: "products",
});
