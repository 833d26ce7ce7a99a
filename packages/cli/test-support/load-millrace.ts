import { Worker } from "node:worker_threads";

import type { Ended } from "./run-millrace.ts";

/** The command where Node itself loads what it imports. */
export interface LoadingMillrace {
  /** One at a time. */
  run(...words: readonly string[]): Promise<Ended>;
  close(): Promise<unknown>;
}

/** The command in a thread of its own, which loads it once for all that it is asked. */
export function loadingMillrace(): LoadingMillrace {
  const thread = new Worker(new URL("millrace-thread.ts", import.meta.url));
  return {
    run: (...words) =>
      new Promise((resolve, reject) => {
        thread.once("error", reject);
        thread.once("message", (ended: Ended) => {
          thread.off("error", reject);
          resolve(ended);
        });
        thread.postMessage(words);
      }),
    close: () => thread.terminate(),
  };
}
