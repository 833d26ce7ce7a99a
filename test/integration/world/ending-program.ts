import { join } from "node:path";
import { setImmediate } from "node:timers";

import { StreamsApp } from "millrace";

import threaded from "./threaded-program.ts";

/** Counts words until it is asked to end: `ending-program.ts BOOTSTRAP FOLDER THREADS APPLICATION`; 0 threads: on its own one. */
const [, , cluster, folder, threads, applicationId] = process.argv;
const module = new URL("threaded-program.ts", import.meta.url);

setImmediate(() => console.log("begun")); // once the handlers of signals are there

await StreamsApp.run(threads === "0" ? await threaded({}) : module, {
  applicationId,
  cluster,
  data: { filled: join(folder, "filled") },
  stateDirectory: join(folder, applicationId),
  threads: Math.max(1, Number(threads)),
  commitInterval: "5s",
  sessionTimeout: "40s",
  heartbeatInterval: 200,
  closeTimeout: "4s",
  logLevel: "error",
  onUncaughtError: (error) => {
    console.log(`uncaught ${String(error)}`);
    return "replaceThread";
  },
  onStateChange: (state) => console.log(state),
  onRestore: ({ kind, store }) => console.log(`${kind} ${store}`),
});
