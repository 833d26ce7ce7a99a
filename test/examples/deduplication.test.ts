import { int64AsNumber, json, string } from "@millrace/serde";
import { TopologyTestDriver } from "@millrace/testing";
import { expect, test } from "vitest";

import { paymentsOnce, topics, type Webhook } from "../../examples/deduplication/src/topology.ts";
import { runExample } from "./run-example.ts";

const day = 86_400_000;

function provider() {
  const driver = new TopologyTestDriver(paymentsOnce());
  const webhooks = driver.input(topics.webhooks, { key: string(), value: json<Webhook>() });
  const balances = driver.output(topics.balances, { key: string(), value: int64AsNumber() });
  return {
    driver,
    send: (account: string, event: string, days: number, cents = 100) =>
      webhooks.pipe(account, { event, cents }, { timestamp: days * day }),
    balances: () => balances.readAll().map(({ key, value }) => `${key} ${value}`),
  };
}

test("an event is booked once, however often it comes while the provider tries again", async () => {
  const { driver, send, balances } = provider();
  await using _ = driver;
  send("ada", "1", 0);
  send("ada", "1", 0.5);
  send("bob", "2", 1, 50);
  send("ada", "1", 2.9);
  send("ada", "3", 2.9, -30);
  expect(balances()).toEqual(["ada 100", "bob 50", "ada 70"]);
});

test("what comes late is booked where it did not come before", async () => {
  const { driver, send, balances } = provider();
  await using _ = driver;
  send("ada", "1", 5);
  send("ada", "2", 1);
  send("ada", "2", 4);
  expect(balances()).toEqual(["ada 100", "ada 200"]);
});

test("the example runs", { timeout: 60_000 }, async () => {
  expect(await runExample("deduplication")).toEqual(["ada: 1250", "bob: 400"]);
});
