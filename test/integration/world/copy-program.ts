import { join } from "node:path";
import { setImmediate, setTimeout } from "node:timers";

import { StreamsApp, StreamsBuilder, string, type StreamsOptions } from "millrace";

/** Copies lines, as a program that is ended by signals: `copy-program.ts BOOTSTRAP FOLDER COMMIT-INTERVAL APPLICATION`. */
const [, , cluster, folder, commitInterval, applicationId] = process.argv;

const builder = new StreamsBuilder();
builder
  .stream("lines", { value: string() })
  .peek((line) => console.log(line))
  .to("copies");

process.on("SIGTERM", () => console.log("closing"));
setImmediate(() => console.log("starting")); // once the handlers of signals are there
setTimeout(() => process.exit(9), 20_000).unref();

await StreamsApp.run(builder.build(), {
  applicationId,
  cluster,
  stateDirectory: join(folder, "state"),
  commitInterval: commitInterval as StreamsOptions["commitInterval"],
  transactionTimeout: "15m",
  logLevel: "error",
});
