// An application at work, asked in one of each two slices of its records: what a record costs the processor in these, and
// in the others. One process has both: from one to the next the cost of a record differs by a half.
// `cost-application.ts BOOTSTRAP FOLDER KEYS RECORDS QUERIES-PER-SECOND` prints one line of JSON.
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";

import { json, StreamsApp, StreamsBuilder, string, tumbling } from "millrace";

const [, , cluster, stateDirectory, keys, records, rate] = process.argv;
const keyCount = Number(keys);
const total = Number(records);
/** Several commits: what one costs is more than what the records of as much time do. */
const sliceRecords = 100_000;
const warmUpRecords = 100_000;
const warmUpQueries = 10_000;

const builder = new StreamsBuilder();
let processed = 0;
const clicks = builder
  .stream(`clicks-of-${keyCount}`, { key: string(), value: json<{ readonly page: number }>() })
  .peek(() => (processed += 1))
  .groupByKey();
const counts = clicks.count({ store: "counts" });
const perMinute = clicks.windowedBy(tumbling("1m", { grace: "1h" })).count({ store: "per-minute" });

const app = await StreamsApp.start(builder.build(), {
  applicationId: `cost-${process.pid}`,
  cluster,
  stateDirectory,
  logLevel: "error",
});
const store = app.store(counts);
const windows = app.store(perMinute);

/** What the application has spent while it was asked, or while it was not. */
interface Spent {
  microseconds: number;
  records: number;
  seconds: number;
  queries: number;
}
const asking: Spent = { microseconds: 0, records: 0, seconds: 0, queries: 0 };
const silent: Spent = { ...asking };
let asked = 0;
const isProcessed = (count: number): boolean => processed >= count;
/** Two slices, and what a slice takes too much, are not there any more. */
const isNearlyOver = (): boolean => total - processed <= 3 * sliceRecords;
const isWarm = (): boolean => processed >= warmUpRecords && asked >= warmUpQueries;
// What runs for hours is compiled, the answering of queries too.
while (!isWarm()) {
  await Promise.all(Array.from({ length: 20 }, () => ask(asked++)));
  await sleep(1);
}
while (!isNearlyOver()) {
  // Drawn which comes first: whatever has a rhythm of its own, or grows, is in both.
  const isAskingFirst = Math.random() < 0.5;
  for (const isAsking of [isAskingFirst, !isAskingFirst])
    await runSlice(isAsking ? Number(rate) : 0, isAsking ? asking : silent);
}
console.log(JSON.stringify({ asking, silent }));
await app.close();

/** Until so many more records are processed; adds what that took. */
async function runSlice(queriesPerSecond: number, spent: Spent): Promise<void> {
  const end = processed + sliceRecords;
  const before = { cpu: process.cpuUsage(), ms: performance.now(), processed };
  const secondsHere = (): number => (performance.now() - before.ms) / 1000;
  for (; !isProcessed(end); await sleep(5)) {
    // As many as are due by now: a turn that comes late makes up for it.
    const due = queriesPerSecond * (spent.seconds + secondsHere());
    const work: Promise<unknown>[] = [];
    for (; spent.queries < due; spent.queries++) work.push(ask(asked++));
    await Promise.all(work);
  }
  const { user, system } = process.cpuUsage(before.cpu);
  spent.microseconds += user + system;
  spent.records += processed - before.processed;
  spent.seconds += secondsHere();
}

/** Keys for the most part, windows of a key, and now and then a range. */
function ask(index: number): Promise<unknown> {
  const key = `user-${(index * 7919) % keyCount}`;
  if (index % 10 < 7) return store.get(key);
  if (index % 10 < 9) return windows.fetchRange(key).toArray();
  return store
    .with({ partitions: [index % 4] })
    .range(key, `${key}9`)
    .toArray();
}
