import { existsSync, writeFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { isMainThread, threadId } from "node:worker_threads";

import {
  int64AsNumber,
  StreamsApp,
  string,
  StreamsBuilder,
  type StreamsOptions,
  type Topology,
} from "millrace";

export interface ThreadedData {
  readonly skips?: string;
  /** The handler of errors throws, and says so. */
  readonly refuses?: string;
  /** `fill` takes all memory where this file is not there yet. */
  readonly filled?: string;
  /** `exit once` ends the thread where this file is not there yet. */
  readonly ended?: string;
  /** Of the module itself, which starts the application anew in each thread. */
  readonly module?: string;
  /** An option of the module's. */
  readonly commitInterval?: number;
}

/** Counts words in threads of their own; `exit` ends the thread, `throw` is thrown where nobody can catch it. */
export default async function threaded(data: ThreadedData): Promise<Topology> {
  const { filled, ended, module } = data;
  if (module !== undefined && !isMainThread)
    await StreamsApp.start(new URL(module), { applicationId: "own", cluster: "nowhere:1", data });
  const builder = new StreamsBuilder();
  builder
    .stream("lines", { value: string() })
    .peek((line) => {
      if (line === "exit") process.exit(7);
      if (line === "exit once" && ended !== undefined && isFirst(ended)) process.exit(7);
      if (line === "throw") void setTimeout(0).then(() => Promise.reject(new Error("nobody's")));
      if (line === "hang") for (;;);
      if (line === "fill" && filled !== undefined) fillMemory(filled);
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

/** Whoever comes after is spared. */
function isFirst(file: string): boolean {
  if (existsSync(file)) return false;
  writeFileSync(file, "");
  return true;
}

function fillMemory(filled: string): void {
  if (!isFirst(filled)) return;
  const kept: string[][] = [];
  for (;;) kept.push(Array.from({ length: 10_000 }, (_, index) => `${index} of ${kept.length}`));
}

export const options = ({
  skips,
  refuses,
  commitInterval,
}: ThreadedData): Partial<StreamsOptions> => ({
  ...(commitInterval === undefined ? {} : { commitInterval }),
  onProcessingError: ({ cause }) => {
    if (refuses !== undefined) throw new RangeError(`nothing is known of ${refuses}`);
    return cause instanceof Error && cause.message === `cannot take ${skips}` ? "continue" : "fail";
  },
});
