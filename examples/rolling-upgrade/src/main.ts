// Three instances of the first version of a program count visits, and a broker that starts with them. One after the other
// is closed and comes back with the second version, on its own state; then all go back. No visit is lost or counted twice.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { connect, diffTopologies, EmbeddedCluster } from "millrace";

import { RunningInstance } from "./running-instance.ts";
import { countries, pageCounts, popular, visits } from "./topics.ts";
import version1 from "./v1.ts";
import version2 from "./v2.ts";
import version3 from "./v3.ts";
import { WatchedVisits } from "./watched-visits.ts";

const names = ["a", "b", "c"];
const folder = mkdtempSync(join(tmpdir(), "millrace-rolling-upgrade-"));
const cluster = await EmbeddedCluster.start({
  data: join(folder, "broker"),
  topics: Object.fromEntries([visits, pageCounts, popular, countries].map(({ name }) => [name, 6])),
});
const client = connect({ bootstrapServers: cluster.bootstrapServers });
const watched = new WatchedVisits(client);
const running = new Map<string, RunningInstance>();

try {
  await Promise.all(names.map((name) => start(name, "v1")));
  await watched.counted(100);
  for (const [from, to] of [
    ["v1", "v2"],
    ["v2", "v1"],
  ]) {
    for (const name of names) {
      await running.get(name)?.stop();
      await start(name, to);
      await watched.counted(100); // it works before the next one goes
    }
    console.log(`from ${from} to ${to}`);
  }
  await watched.end();
  console.log(watched.wrong.length === 0 ? "each visit was counted once" : watched.wrong.join());
  const both = diffTopologies(version1(), version2());
  console.log(`v2: state survives ${both.stateSurvives}, together ${both.canRunTogether}`);
  const third = diffTopologies(version1(), version3());
  console.log(`v3: state survives ${third.stateSurvives}, together ${third.canRunTogether}`);
} finally {
  await Promise.all([...running.values()].map((instance) => instance.stop()));
  await watched.close();
  await client.close();
  await cluster.close();
  rmSync(folder, { recursive: true });
}

async function start(name: string, version: string): Promise<void> {
  const { bootstrapServers } = cluster;
  const stateDirectory = join(folder, name);
  running.set(name, await RunningInstance.start(version, { bootstrapServers, stateDirectory }));
}
