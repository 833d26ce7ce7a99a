import { encodeUtf8 } from "@millrace/model";
import { memoryPlatform } from "@millrace/platform/memory";
import { string } from "@millrace/serde";
import { expect, test } from "vitest";

import { StreamsBuilder } from "../dsl/streams-builder.ts";
import type { PartitionAnswers, PartitionRequest } from "./local-answers.ts";
import { PartitionAsker } from "./partition-asker.ts";
import { QueryableStores } from "./queryable-stores.ts";
import { encodePage } from "./query-wire.ts";
import type { AnswerRow, Question } from "./question.ts";
import { TaskOwners } from "./task-owners.ts";

const builder = new StreamsBuilder();
builder.stream("words", { key: string(), value: string() }).groupByKey().count({ store: "counts" });
const topology = builder.build();
const store = new QueryableStores(topology.subtopologies("application"), []).find("counts");

const request: PartitionRequest = {
  store: "counts",
  partition: 1,
  question: { kind: "get", key: encodeUtf8("ada") },
  isolation: undefined,
  allowsStandby: false,
  positionAtLeast: { words: { 1: 5 } },
  lagMax: Infinity,
};
const row: AnswerRow = {
  key: encodeUtf8("ada"),
  value: Uint8Array.of(1),
  timestamp: 3,
  headers: [],
};
const head = {
  store: "counts",
  partition: 1,
  isStandby: false,
  position: { words: { 1: 5 } },
  changelogOffsets: { 1: 2 },
};

/** Two instances: the first is asked first, for it is active. */
const address = (port: number) => ({
  host: "here",
  port,
  partitions: [{ topic: "words", partition: 1 }],
});
const nothingHere: PartitionAnswers = {
  has: () => undefined,
  ask: () => {
    throw new Error("nobody asks this process");
  },
  whole: async () => undefined,
};

type Answer = (signal: AbortSignal) => AsyncIterable<string>;

async function* lines(...given: readonly unknown[]): AsyncGenerator<string, void, undefined> {
  for (const line of given) yield typeof line === "string" ? line : JSON.stringify(line);
}

const page = (given: object, rows: readonly AnswerRow[] = [row], isLast = true): string => {
  const { rows: wired } = JSON.parse(encodePage({ head: undefined, rows, isLast }, request)) as {
    readonly rows: readonly unknown[];
  };
  return JSON.stringify({ ...(isLast ? { isLast } : {}), head: given, rows: wired });
};

async function ask(
  answers: Readonly<Record<string, Answer>>,
  changed: Partial<PartitionRequest> = {},
  timeoutMs = 0,
): Promise<{ readonly rows: readonly AnswerRow[]; readonly asked: readonly string[] }> {
  const platform = memoryPlatform();
  const asked: string[] = [];
  const asker = new PartitionAsker({
    platform,
    applicationId: "application",
    local: nothingHere,
    owners: new TaskOwners(() => ({ active: [address(1)], standby: [address(2)] })),
    ownAddress: "here:9",
    transport: {
      ask: (to, _request, signal) => {
        asked.push(to);
        return answers[to](signal);
      },
    },
  });
  const bounds = { timeoutMs, signal: new AbortController().signal, isLocal: false };
  const rows: AnswerRow[] = [];
  const work = (async () => {
    const sent = { ...request, ...changed };
    for await (const found of asker.ask(store, sent, bounds)) rows.push(...found.rows);
    return { rows, asked };
  })();
  return platform.until(work);
}

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "none",
    (error: Error & { readonly code?: string }) => error.code ?? error.name,
  );

test("an answer to what was asked is taken", async () => {
  const { rows } = await ask({ "here:1": () => lines(page(head)) });
  expect(rows).toEqual([row]);
});

const other = { ...row, key: encodeUtf8("bob") };
test.each<[string, readonly unknown[], Partial<PartitionRequest>?]>([
  ["of another store", [page({ ...head, store: "others" })]],
  ["of another partition", [page({ ...head, partition: 2 })]],
  ["of a copy, where none was to answer", [page({ ...head, isStandby: true })]],
  ["that has not come as far", [page({ ...head, position: { words: { 1: 4 } } })]],
  ["of another key", [page(head, [other])]],
  [
    "beyond the range",
    [page(head, [other])],
    {
      question: {
        kind: "range",
        from: encodeUtf8("a"),
        to: encodeUtf8("b"),
        isReverse: false,
      } satisfies Question,
    },
  ],
  ["with a second beginning", [page(head, [], false), page(head)]],
  ["that goes on behind its end", [page(head), page(head)]],
  ["that begins in the middle", [JSON.stringify({ rows: [], isLast: true })]],
  ["that stops before its end", [page(head, [row], false)]],
  ["without a word", []],
  ["that is no JSON", ["<html>"]],
  ["that is null", ["null"]],
  ["with rows that are none", [{ head, rows: [{ key: 1 }], isLast: true }]],
  [
    "with times that are none",
    [{ head, isLast: true, rows: [{ key: "", value: "", timestamp: "x" }] }],
  ],
  ["with a position that is none", [page({ ...head, position: "far" })]],
  ["with an error of its own making", [{ error: { code: "OWN", message: 4 } }]],
])("an answer %s is none", async (_name, given, changed) => {
  const code = await codeOf(ask({ "here:1": () => lines(...given) }, changed));
  const codes = ["INSTANCE_UNREACHABLE", "QUERY_INTERRUPTED", "STORE_FAILED", "NOT_UP_TO_BOUND"];
  expect(codes).toContain(code);
});
