import { fromHex, toHex } from "@millrace/model";
import { json, SerdeScratch, valuePlace, type Serde } from "@millrace/serde";
import { describe, expect, it } from "vitest";

import {
  instructions,
  responseSerde,
  responseTo,
  subscriptionSerde,
  type Response,
  type Subscription,
} from "./subscription.ts";

const hash = fromHex("000102030405060708090a0b0c0d0e0f");
const asked: Subscription = {
  hash,
  instruction: instructions.answerAlways,
  primaryKey: Uint8Array.of(0x61, 0x62),
  primaryPartition: 3,
};
const long = new Uint8Array(100).fill(0x7a);
const person = json<{ name: string }>() as Serde<unknown>;
const responses = responseSerde(person);
const name = { name: "é" };
const nameBytes = "7b226e616d65223a22c3a9227d";

describe("subscriptions", () => {
  it.each<[string, Subscription, string]>([
    ["with a hash", asked, `0102${toHex(hash)}616200000003`],
    ["of a row that is gone", { ...asked, hash: null }, "8102616200000003"],
    ["of no partition", { ...asked, primaryPartition: null }, `0102${toHex(hash)}6162ffffffff`],
    ["of a long key", { ...asked, primaryKey: long }, `0102${toHex(hash)}${toHex(long)}00000003`],
  ])("%s are written as Kafka does, in place too, and read again", (_, subscription, written) => {
    const bytes = subscriptionSerde.serialize(subscription, "t");
    expect(toHex(bytes)).toBe(written);
    expect(subscriptionSerde.sizeOf?.(subscription)).toBe(bytes.length);
    expect(toHex(inPlace(subscriptionSerde, subscription))).toBe(written);
    expect(subscriptionSerde.deserialize(bytes, "t")).toEqual(subscription);
  });
});

describe("answers", () => {
  it.each<[string, Response, string]>([
    ["with a value", responseTo(asked, person, { value: name }), `00${toHex(hash)}${nameBytes}`],
    [
      "with the bytes of a value",
      responseTo(asked, person, { value: null, bytes: fromHex(nameBytes) }),
      `00${toHex(hash)}${nameBytes}`,
    ],
    ["without a value", responseTo(asked, person, { value: null }), `00${toHex(hash)}`],
    ["without a hash", responseTo({ ...asked, hash: null }, person, { value: null }), "80"],
  ])("%s are written as Kafka does, in place too", (_, response, written) => {
    expect(toHex(responses.serialize(response, "t"))).toBe(written);
    expect(toHex(inPlace(responses, response))).toBe(written);
  });

  it("are not written in place where the value depends on its place", () => {
    const placed = Object.create(person, { usesPlace: { value: true } }) as Serde<unknown>;
    expect(placed.writeTo).toBeDefined();
    expect(responseSerde(placed).writeTo).toBeUndefined();
  });
});

function inPlace<T>(serde: Serde<T>, value: T & {}): Uint8Array {
  expect(serde.writeTo).toBeDefined();
  expect(new SerdeScratch().serialize(serde, value, "t", valuePlace)).toEqual(
    serde.serialize(value, "t"),
  );
  const target = new Uint8Array(3 + (serde.sizeMax?.(value) ?? NaN));
  return target.subarray(3, serde.writeTo?.(value, target, 3));
}
