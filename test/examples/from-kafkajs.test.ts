import { expect, test } from "vitest";

import { runExample } from "./run-example.ts";

test("an application on the service's kafkajs instance adds up what kafkajs sends, and kafkajs reads it", async () => {
  expect(await runExample("from-kafkajs", "application.ts")).toEqual(["ada 1500", "grace 550"]);
});

test("keys keep their partitions when the producer moves", async () => {
  expect(await runExample("from-kafkajs", "producer.ts")).toEqual(
    ["ada", "grace", "barbara", "ключ"].map((key) => `${key} stays where it is`),
  );
});

test("a group moves member by member, and each order is seen once", async () => {
  expect(await runExample("from-kafkajs", "consumer.ts")).toEqual(["20 orders, 20 different ones"]);
});

test("administration sees what the other has made", async () => {
  expect(await runExample("from-kafkajs", "admin.ts")).toEqual([
    "created twice: TOPIC_ALREADY_EXISTS",
    "kafkajs sees: [ 'orders', 'totals' ]",
    "committed: 7",
    "end: 0",
  ]);
});

test("a pipeline of transactions goes on where kafkajs has left it, with the same id", async () => {
  expect(await runExample("from-kafkajs", "transactions.ts")).toEqual([
    "[ 'bill 1', 'bill 2', 'bill 3', 'bill 4' ]",
  ]);
});
