import { double, json, optional, string } from "@millrace/serde";
import { TopologyTestDriver } from "@millrace/testing";
import { expect, test } from "vitest";

import {
  exchangeTopology,
  topics,
  type EuroPayment,
  type Payment,
  type RefusedPayment,
} from "../../examples/exchange-rates/src/topology.ts";
import { runExample } from "./run-example.ts";

function exchange() {
  const driver = new TopologyTestDriver(exchangeTopology());
  const payments = driver.input(topics.payments, { key: string(), value: json<Payment>() });
  const inEuro = driver.output(topics.inEuro, { key: string(), value: json<EuroPayment>() });
  const refused = driver.output(topics.refused, { key: string(), value: json<RefusedPayment>() });
  let id = 0;
  return {
    driver,
    rates: driver.input(topics.rates, { key: string(), value: double() }),
    closures: driver.input(topics.closures, { key: string(), value: optional(string()) }),
    pay: (account: string, amount: number, currency: string) =>
      payments.pipe(account, { id: `${(id += 1)}`, amount, currency }),
    inEuro: () => inEuro.readAll().map(({ value }) => [value?.id, value?.euro]),
    refused: () => refused.readAll().map(({ value }) => [value?.id, value?.reason]),
  };
}

test("a payment is converted by the rate of its currency at that moment", async () => {
  const { driver, rates, pay, inEuro, refused } = exchange();
  await using _ = driver;
  rates.pipe("USD", 0.9);
  pay("ada", 10, "USD");
  rates.pipe("USD", 0.875);
  pay("ada", 1.5, "USD");
  expect(inEuro()).toEqual([
    ["1", 9],
    ["2", 1.31],
  ]);
  expect(refused()).toEqual([]);
});

test("without a rate, and while the account is closed, it is refused", async () => {
  const { driver, rates, closures, pay, inEuro, refused } = exchange();
  await using _ = driver;
  rates.pipe("GBP", 1.2);
  pay("bob", 1, "XAU");
  closures.pipe("bob", "moved away");
  pay("bob", 1, "GBP");
  pay("ada", 1, "GBP");
  closures.pipe("bob", null);
  pay("bob", 1, "GBP");
  expect(refused()).toEqual([
    ["1", "no rate for XAU"],
    ["2", "moved away"],
  ]);
  expect(inEuro()).toEqual([
    ["3", 1.2],
    ["4", 1.2],
  ]);
});

test("the example runs", async () => {
  expect(await runExample("exchange-rates")).toEqual([
    "payment 1: 9 euro",
    "payment 2: 12 euro",
    "payment 3: no rate for XAU",
    "bob's account is closed",
  ]);
}, 60_000);
