// An application at work, with queries beside it or without: what it costs the processor per record.
// `cost-application.ts BOOTSTRAP FOLDER RECORDS QUERIES-PER-SECOND` prints one line of JSON.
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";

import { json, StreamsApp, StreamsBuilder, string, tumbling } from "millrace";

const [, , cluster, stateDirectory, records, rate] = process.argv;
const total = Number(records);

const builder = new StreamsBuilder();
let processed = 0;
const clicks = builder
  .stream("clicks", { key: string(), value: json<{ readonly page: number }>() })
  .peek(() => (processed += 1))
  .groupByKey();
const counts = clicks.count({ store: "counts" });
const perMinute = clicks.windowedBy(tumbling("1m", { grace: "1h" })).count({ store: "per-minute" });

const app = await StreamsApp.start(builder.build(), {
  applicationId: `cost-${rate}-${process.pid}`,
  cluster,
  stateDirectory,
  logLevel: "error",
});
const store = app.store(counts);
const windows = app.store(perMinute);
const begun = process.cpuUsage();
const startMs = performance.now();
let asked = 0;
let longestMs = 0;
const isDone = (): boolean => processed >= total;
while (!isDone()) {
  // As many as are due by now: a turn that comes late makes up for it.
  const due = (Number(rate) * (performance.now() - startMs)) / 1000;
  const work: Promise<unknown>[] = [];
  const sinceMs = performance.now();
  while (asked < due) work.push(ask(asked++));
  await Promise.all(work);
  longestMs = Math.max(longestMs, performance.now() - sinceMs);
  await sleep(5);
}
const { user, system } = process.cpuUsage(begun);
const seconds = (performance.now() - startMs) / 1000;
console.log(JSON.stringify({ microseconds: (user + system) / total, asked, seconds, longestMs }));
await app.close();

/** Keys for the most part, windows of a key, and now and then a range. */
function ask(index: number): Promise<unknown> {
  const key = `user-${(index * 7919) % 10_000}`;
  if (index % 10 < 7) return store.get(key);
  if (index % 10 < 9) return windows.fetchRange(key).toArray();
  return store
    .with({ partitions: [index % 4] })
    .range(key, `${key}9`)
    .toArray();
}
