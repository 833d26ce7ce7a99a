import { expect, test } from "vitest";

import { runExample } from "./run-example.ts";

test("each instance answers for all, also after one has gone", async () => {
  const all = '{"anna":100,"ben":100,"cleo":100,"dan":100}';
  const hours = '[{"hour":3600000,"spent":50},{"hour":18000000,"spent":50}]';
  expect(await runExample("rest-api")).toEqual([all, all, all, `anna: ${hours}`, all, all]);
}, 60_000);
