import { string } from "@millrace/serde";
import { StreamsBuilder, type Topology } from "@millrace/streams";
import { expect, test } from "vitest";

import { holdThread } from "./world/hold-thread.ts";
import { TestWorld } from "./world/test-world.ts";

/** What a cache holds back is forwarded by the commit, through operators that take their time. */
function slowCounts(msEach: number): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream("lines", { value: string() })
    .groupBy((line) => line, { key: string(), value: string() })
    .count({ store: "counts" })
    .toStream()
    .peek(() => holdThread(msEach))
    .mapValues(String)
    .to("counts", { key: string(), value: string() });
  return builder.build();
}

test("a commit that forwards for longer than transactionTimeout says so, and what to change", async () => {
  await using world = await TestWorld.start({ lines: 1, counts: 1 });
  const lines = Array.from({ length: 60 }, (_, index) => `line ${index}`);
  await world.produce("lines", lines);
  const app = await world.app(slowCounts(40), {
    cacheBytesMax: 1_000_000,
    transactionTimeout: 700,
    taskTimeout: 1000,
  });
  await expect(app.closed).rejects.toMatchObject({
    message: expect.stringMatching(
      /a commit of \d+ ms, with a transactionTimeout of 700 ms.*raise transactionTimeout.*cacheBytesMax/,
    ),
    cause: { code: expect.stringMatching(/TRANSACTION_ABORTED|WRITER_FENCED/) },
  });
});
