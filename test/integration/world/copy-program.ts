import { join } from "node:path";
import { setImmediate, setInterval, setTimeout } from "node:timers";

import { StreamsApp, StreamsBuilder, string, type StreamsOptions } from "millrace";

/** Copies lines, as a program that is ended by signals: `copy-program.ts BOOTSTRAP FOLDER COMMIT-INTERVAL [slow-close]`. */
const [, , cluster, folder, commitInterval, mode] = process.argv;

const builder = new StreamsBuilder();
builder
  .stream("lines", { value: string() })
  .peek((line) => console.log(line))
  .to("copies");

if (mode === "slow-close") {
  setImmediate(() => console.log("running"));
  process.once("SIGTERM", () => {
    console.log("closing");
    // Keeps the process from ending by itself, as a close that hangs would.
    setInterval(() => {}, 1000);
  });
} else setImmediate(() => console.log("starting")); // once the handlers of signals are there
setTimeout(() => process.exit(9), 20_000).unref();

await StreamsApp.run(builder.build(), {
  applicationId: mode === undefined ? "copy" : "slow",
  cluster,
  stateDirectory: join(folder, "state"),
  commitInterval: commitInterval as StreamsOptions["commitInterval"],
  logLevel: "error",
});
