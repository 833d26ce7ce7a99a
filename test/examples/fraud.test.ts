import { json, string } from "@millrace/serde";
import { TopologyTestDriver } from "@millrace/testing";
import { expect, test } from "vitest";

import {
  fraudTopology,
  topics,
  type Alarm,
  type Payment,
} from "../../examples/fraud/src/topology.ts";
import { runExample } from "./run-example.ts";

const minute = 60_000;

function bank() {
  const driver = new TopologyTestDriver(fraudTopology());
  const payments = driver.input(topics.payments, { key: string(), value: json<Payment>() });
  const alarms = driver.output(topics.alarms, { key: string(), value: json<Alarm>() });
  return {
    driver,
    pay: (card: string, minutes: number, cents = 100, country = "FR") =>
      payments.pipe(card, { cents, country }, { timestamp: Math.round(minutes * minute) }),
    alarms: () => alarms.readAll().map(({ key, value }) => [key, value?.reason, value?.count]),
  };
}

test("five payments in ten minutes are an alarm, wherever these ten minutes lie", async () => {
  const { driver, pay, alarms } = bank();
  await using _ = driver;
  for (const at of [57, 58, 59, 61]) pay("1", at);
  expect(alarms()).toEqual([]);
  pay("1", 67);
  expect(alarms()).toEqual([["1", "too many payments", 5]]);
  for (const at of [100, 103, 106, 109, 112]) pay("2", at); // twelve minutes
  expect(alarms()).toEqual([]);
});

test("so are too much money, and two countries", async () => {
  const { driver, pay, alarms } = bank();
  await using _ = driver;
  pay("1", 0, 60_000);
  pay("1", 10, 40_001);
  pay("2", 11);
  pay("2", 12, 100, "PE");
  pay("3", 13, 60_000);
  pay("3", 23.001, 40_001, "PE");
  expect(alarms()).toEqual([
    ["1", "too much money", 2],
    ["2", "two countries at once", 2],
  ]);
});

test("a card has one alarm in ten minutes, and another one later", async () => {
  const { driver, pay, alarms } = bank();
  await using _ = driver;
  for (const at of [0, 1, 2, 3, 4, 5, 6]) pay("1", at);
  expect(alarms().length).toBe(1);
  for (const at of [30, 31, 32, 33, 34]) pay("1", at);
  expect(alarms().length).toBe(1);
});

test("a payment that comes late, within the grace, is seen with those around it", async () => {
  const { driver, pay, alarms } = bank();
  await using _ = driver;
  for (const at of [0, 1, 2, 9]) pay("1", at);
  pay("1", 8.5);
  expect(alarms()).toEqual([["1", "too many payments", 5]]);
});

test("the example runs", { timeout: 60_000 }, async () => {
  expect(await runExample("fraud")).toEqual([
    "card 4711: too many payments (5 from 11:53 to 12:03)",
    "card 4712: two countries at once (FR, PE)",
  ]);
});
