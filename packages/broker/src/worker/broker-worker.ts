import module from "node:module";
import { isMainThread, parentPort, workerData } from "node:worker_threads";
import { endThread, nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";
import { Broker } from "../broker.ts";
import {
  type BrokerWorkerMessage,
  type BrokerWorkerOptions,
  toFailure,
} from "./broker-worker-messages.ts";

/*
 * A broker in a worker thread, begun by `start-worker.ts`, at `@millrace/broker/worker`:
 *
 *     new Worker(new URL(import.meta.resolve("@millrace/broker/worker")), { workerData: options })
 *
 *     owner ──workerData──▶ start ──▶ "started" or "refused"
 *     owner ──"close"─────▶ close ──▶ "closed", and the thread ends; while it starts: "refused"
 *                   device fails ──▶ "failed"
 */

const port = parentPort;
if (!isMainThread && port !== null) {
  const tell = (message: BrokerWorkerMessage) => port.postMessage(message);
  // The owner hands over what `BrokerWorkerOptions` says; it is of the same version.
  const { logLevel, ...options } = workerData as BrokerWorkerOptions;
  const stop = new AbortController();
  port.once("message", () => stop.abort());
  try {
    const broker = await Broker.start(nodePlatform({ logLevel }), {
      ...options,
      codecs: nodeCompression,
      signal: stop.signal,
      onFailed: (failure) => tell({ kind: "failed", failure: toFailure(failure) }),
    });
    const close = (): void => {
      broker.close().then(
        () => {
          tell({ kind: "closed" });
          endThread(port);
        },
        (error: unknown) => {
          tell({ kind: "failed", failure: toFailure(error) });
          endThread(port);
        },
      );
    };
    if (stop.signal.aborted) close();
    else stop.signal.addEventListener("abort", close, { once: true });
    const { host, port: boundPort } = broker.address;
    tell({ kind: "started", host, port: boundPort, clusterId: broker.clusterId });
    // Now, since a process that is killed leaves no cache behind, and it is then that a start must be quick.
    module.flushCompileCache?.(); // Deno has none
  } catch (error) {
    tell({ kind: "refused", failure: toFailure(error) });
    endThread(port);
  }
}
