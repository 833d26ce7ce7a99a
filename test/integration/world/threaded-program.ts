import { setTimeout } from "node:timers/promises";
import { threadId } from "node:worker_threads";

import {
  int64AsNumber,
  string,
  StreamsBuilder,
  type StreamsOptions,
  type Topology,
} from "millrace";

export interface ThreadedData {
  readonly skips?: string;
}

/** Counts words in threads of their own; `exit` ends the thread, `throw` is thrown where nobody can catch it. */
export default function threaded(_data: ThreadedData): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream("lines", { value: string() })
    .peek((line) => {
      if (line === "exit") process.exit(7);
      if (line === "throw") void setTimeout(0).then(() => Promise.reject(new Error("nobody's")));
      if (line === "hang") for (;;);
      if (line.startsWith("bad")) throw new TypeError(`cannot take ${line}`);
    })
    .groupBy((line) => line, { key: string(), value: string() })
    .count({ store: "counts" })
    .toStream()
    .mapValues((count) => `${count} ${threadId}`)
    .to("counts", { key: string(), value: string() });
  builder.globalTable("names", { key: string(), value: int64AsNumber(), store: "names" });
  return builder.build();
}

export const options = ({ skips }: ThreadedData): Partial<StreamsOptions> => ({
  onProcessingError: ({ cause }) => {
    return cause instanceof Error && cause.message === `cannot take ${skips}` ? "continue" : "fail";
  },
});
