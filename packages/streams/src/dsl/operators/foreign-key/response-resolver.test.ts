import { decodeUtf8, encodeUtf8, murmur3, noBytes } from "@millrace/model";
import { json, string } from "@millrace/serde";
import { expect, test } from "vitest";

import { at, batchOf, taskOf } from "../../../../test-support/task-of.ts";

test.each([
  ["as it came", '{ "to": "ada" }', ["ada 7"]],
  [
    "as its serde writes it, as Kafka has it, or a cache before the row came back from its topic",
    '{"to":"ada"}',
    ["ada 7"],
  ],
  ["as it is no more", '{"to":"bob"}', []],
])("an answer is taken for a row whose subscription has it %s", (_, hashed, expected) => {
  const { task, written } = taskOf((builder) => {
    const right = builder.table("right", { key: string(), value: json<number>() });
    builder
      .table("left", { key: string(), value: json<{ to: string }>() })
      .join(right, ({ to }, number) => `${to} ${number}`, {
        foreignKey: ({ to }) => to,
        name: "own",
      })
      .toStream()
      .to("out", { value: string() });
  });
  task.initialize();
  task.addBatch(batchOf("left", 0, [at(1, '{ "to": "ada" }')]));
  while (task.process(1) > 0);
  const hash = murmur3(encodeUtf8(hashed));
  const answer = Uint8Array.of(0, ...hash, ...encodeUtf8("7"));
  task.addBatch(batchOf("app-own-subscription-response-topic", 0, [at(2, answer)]));
  while (task.process(1) > 0);
  task.flush();
  const out = written.filter(({ topic }) => topic === "out");
  expect(out.map(({ value }) => decodeUtf8(value ?? noBytes))).toEqual(expected);
});
