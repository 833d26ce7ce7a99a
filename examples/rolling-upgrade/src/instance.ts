// One instance: node examples/rolling-upgrade/src/instance.ts VERSION BOOTSTRAP STATE-DIRECTORY [OPTIONS]
// Says "running" once it has its tasks. SIGTERM closes it: it leaves the group, or remains in it, as OPTIONS say in JSON.
import { StreamsApp, type StreamsOptions } from "millrace";

import version1 from "./v1.ts";
import version2 from "./v2.ts";
import version3 from "./v3.ts";

interface InstanceOptions extends Partial<StreamsOptions> {
  readonly group?: "leave" | "remain";
}

const [, , version, cluster, stateDirectory, given = "{}"] = process.argv;
const versions: Readonly<Record<string, typeof version1>> = {
  v1: version1,
  v2: version2,
  v3: version3,
};
const { group = "leave", ...options } = JSON.parse(given) as InstanceOptions; // our own program's

const app = await StreamsApp.start(versions[version](), {
  applicationId: "page-counts",
  cluster,
  stateDirectory,
  cacheBytesMax: 0, // each visit has a result of its own, for all to see that it was counted once
  heartbeatInterval: "200ms",
  sessionTimeout: "10s",
  ...options,
});
process.once("SIGTERM", () => void app.close({ group }));
console.log("running");
await app.closed;
