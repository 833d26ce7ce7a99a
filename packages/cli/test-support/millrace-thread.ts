import { parentPort } from "node:worker_threads";

import { millrace } from "./run-millrace.ts";

parentPort?.on("message", (words: readonly string[]) => {
  void millrace(words).then((ended) => parentPort?.postMessage(ended));
});
