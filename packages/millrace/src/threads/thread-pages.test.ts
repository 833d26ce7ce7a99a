import { memoryPlatform } from "@millrace/platform/memory";
import type { AnswerPage, PartitionRequest, ThreadLoop } from "@millrace/streams";
import { expect, test } from "vitest";

import { ThreadAsker } from "./thread-asker.ts";
import { ThreadQueries } from "./thread-queries.ts";
import type { FromThread, ToThread } from "./thread-messages.ts";

const request: PartitionRequest = {
  store: "words",
  partition: 0,
  question: { kind: "count" },
  isolation: undefined,
  allowsStandby: false,
  positionAtLeast: {},
  lagMax: 0,
};
const page: AnswerPage = { head: undefined, rows: [] };

/** An answer of so many pages across two ends that hear each other a turn later, as threads do. */
function acrossThreads(pages: number) {
  const counts = { made: 0, isEnded: false };
  const answers: Pick<ThreadLoop["answers"], "ask"> = {
    async *ask() {
      try {
        for (; counts.made < pages; counts.made++) yield page;
      } finally {
        counts.isEnded = true;
      }
    },
  };
  const queries = new ThreadQueries(answers, (message) => setImmediate(fromThread, message));
  const asker = new ThreadAsker(memoryPlatform().timers, (message) =>
    setImmediate(toThread, message),
  );
  function toThread(message: ToThread): void {
    if (message.kind === "ask") queries.ask(message.id, message.request);
    if (message.kind === "cancel") queries.cancel(message.id);
    if (message.kind === "taken") queries.taken(message.id);
  }
  function fromThread(message: FromThread): void {
    if (message.kind === "page") asker.page(message.id, message.page);
    if (message.kind === "answered") asker.answered(message.id, message.failure && new Error());
  }
  return { asker, queries, counts };
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
}

test("pages that nobody has taken wait in the store, not in the application", async () => {
  const { asker, counts } = acrossThreads(1000);
  const answer = asker.ask(request);
  await answer.next();
  await turns(50);
  expect(counts.made).toBeLessThan(10);
  let taken = 1;
  for await (const _ of answer) taken += 1;
  expect(taken).toBe(1000);
  expect(counts.isEnded).toBe(true);
});

test("an answer that nobody wants further ends in its thread, and so does one of a thread that closes", async () => {
  const left = acrossThreads(1000);
  for await (const _ of left.asker.ask(request)) break;
  await turns(50);
  expect(left.counts.isEnded).toBe(true);

  const closed = acrossThreads(1000);
  await closed.asker.ask(request).next();
  await turns(50);
  closed.queries.close();
  await turns(50);
  expect(closed.counts.isEnded).toBe(true);
});
