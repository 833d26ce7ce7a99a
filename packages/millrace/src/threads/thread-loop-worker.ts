import { isMainThread, parentPort, workerData } from "node:worker_threads";

import { endThread } from "@millrace/platform/node";

import type { FromThread, ThreadOrders, ToThread } from "./thread-messages.ts";
import { ThreadServer } from "./thread-server.ts";
import { tellFailure } from "./told-failure.ts";

/*
 * A stream loop in a thread of its own, begun by `thread-host.ts`:
 *
 *     application ──workerData──> loads the module, connects, joins the group: "opened", "state", "running"
 *     application ──"stop"──────> commits, closes its tasks: "ended"; with what ended it where that was something else
 *     application ──"close"─────> leaves the group, and the thread ends
 */

if (!isMainThread && parentPort !== null) {
  const port = parentPort;
  const tell = (message: FromThread): void => port.postMessage(message);
  const server = new ThreadServer(workerData as ThreadOrders, tell); // handed over as the type says
  port.on("message", (message: ToThread) => server.take(message));
  try {
    await server.serve();
  } catch (error) {
    tell({ kind: "ended", failure: tellFailure(error) });
  }
  endThread(port);
}
