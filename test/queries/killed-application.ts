// One instance of an application that is killed, or asks the others, or follows the changes of all.
// `killed-application.ts BOOTSTRAP FOLDER ROLE`: `dies`, `asks` or `follows`; tells the process that started it.
import { session, StreamsApp, StreamsBuilder, string, tumbling } from "millrace";

import { AskingReader } from "./asking-reader.ts";
import { followChanges } from "./follow-changes.ts";

const [, , cluster, stateDirectory, role] = process.argv;
const text = { key: string(), value: string() };
const builder = new StreamsBuilder();
const words = builder.stream("words", text).groupByKey();
const counts = words.count({ store: "counts" });
const perMinute = words.windowedBy(tumbling("1m", { grace: "20000d" })).count({ store: "windows" });
const visits = words.windowedBy(session("10s", { grace: "20000d" })).count({ store: "sessions" });
const prices = builder.table("prices", {
  ...text,
  store: { name: "versions", historyRetention: "20000d" },
});

const app = await StreamsApp.start(builder.build(), {
  applicationId: "killed-queries",
  cluster,
  stateDirectory,
  processingGuarantee: "exactly_once",
  cacheBytesMax: 0,
  numStandbyReplicas: 1,
  acceptableRecoveryLag: 100,
  probingRebalanceInterval: "5s",
  sessionTimeout: "4s",
  heartbeatInterval: "500ms",
  transactionTimeout: "4s",
  serve: { port: 0 },
  querySecret: "known to all",
  logLevel: "error",
});

export type Stores = typeof stores;
const stores = { app, counts, perMinute, visits, prices };

function tell(message: object): void {
  process.send?.(message);
}

function fail(error: unknown): void {
  const cause = error instanceof Error ? (error.stack ?? error.message) : String(error);
  tell({ kind: "failed", cause });
}

app.closed.catch(fail);
tell({ kind: "runs" });
if (role === "asks") {
  const reader = new AskingReader(stores);
  reader.run(() => tell({ kind: "asked", ...reader.told })).catch(fail);
} else if (role === "follows") {
  followChanges(stores, (told) => tell({ kind: "followed", ...told })).catch(fail);
}
