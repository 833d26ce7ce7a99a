// An application that is not to grow: `application.ts BOOTSTRAP STATE [--leak]`. It tells how far it is as JSON lines, and
// ends at SIGTERM. A loop comes and goes every few seconds, and its stores are asked all the while.
import { setTimeout as sleep } from "node:timers/promises";

import { StreamsApp, type KeyValueQueries } from "millrace";

import { enduringTopology } from "./topology.ts";

const [, , bootstrap, stateDirectory, leak] = process.argv;
const lookMs = 1000;
/** After so many looks a loop comes, or goes. */
const looksPerLoop = 15;
const leakBytes = 20_000;
const stop = new AbortController();
process.on("SIGTERM", () => stop.abort());

await using app = await StreamsApp.start(enduringTopology(), {
  applicationId: "enduring",
  cluster: bootstrap,
  stateDirectory,
  sessionTimeout: "10s",
  // So that they are filled soon: rows of windows that are over stay in the cache until others need the room.
  rocksdbMemoryMax: 16 * 2 ** 20,
  cacheBytesMax: 64 * 2 ** 10,
});
void app.closed.catch(() => stop.abort());
const leaked: string[][] = [];
for (let looks = 1; !stop.signal.aborted; looks++) {
  await sleep(lookMs, undefined, { signal: stop.signal }).catch(() => {});
  if (looks % looksPerLoop === 0)
    await (app.threads.length > 1 ? app.removeThread() : app.addThread());
  const last = app.store<KeyValueQueries<string, string>>("last");
  for (let key = 0; key < 10; key++) await last.get(`k${key}`).catch(() => {}); // its task may be on the move
  const consumed = app
    .metrics()
    .filter(({ name }) => name === "records-consumed-total")
    .reduce((sum, { value }) => sum + value, 0);
  console.log(JSON.stringify({ kind: "consumed", consumed }));
  if (leak === "--leak")
    leaked.push(Array.from({ length: leakBytes / 50 }, (_, at) => `${looks} and ${at}`));
}
await app.close();
await app.closed;
