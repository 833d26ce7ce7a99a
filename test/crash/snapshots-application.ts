// An application that copies its state all the time, and starts from copies: the program that `snapshots.test.ts` kills.
//
//   node test/crash/snapshots-application.ts --cluster HOST:PORT --state DIR --snapshots DIR
import { parseArgs } from "node:util";

import { int64AsNumber, StreamsApp, StreamsBuilder, string } from "millrace";

const { values: options } = parseArgs({
  options: {
    cluster: { type: "string", default: "" },
    state: { type: "string", default: "" },
    snapshots: { type: "string", default: "" },
  },
});

const builder = new StreamsBuilder();
builder
  .stream("words", { key: string(), value: string() })
  .groupByKey()
  .count({ store: "counts" })
  .toStream()
  .to("word-counts", { key: string(), value: int64AsNumber() });

const stop = new AbortController();
process.on("SIGTERM", () => stop.abort());
await using app = await StreamsApp.start(builder.build(), {
  applicationId: "crash-snapshots",
  cluster: options.cluster,
  stateDirectory: options.state,
  stateFrom: options.snapshots,
});
const sum = (name: string): number =>
  app
    .metrics()
    .filter((one) => one.name === name)
    .reduce((total, { value }) => total + value, 0);
tell({
  loads: sum("snapshot-loads-total"),
  refusals: sum("snapshot-refusals-total"),
  restored: sum("restore-records-total"),
});
while (!stop.signal.aborted) {
  const written = await app.snapshot({ keep: 2 });
  tell({ rows: written.reduce((total, { rows }) => total + rows, 0) });
}

function tell(message: Readonly<Record<string, number>>): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
