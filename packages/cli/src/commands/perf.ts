import type { KafkaClient } from "@millrace/client";

import { clusterFlags, withClient } from "../cluster-flags.ts";
import { CommandError } from "../command-error.ts";
import { command, type Command } from "../command.ts";
import { choiceFlag, numberFlag, switchFlag, textFlag } from "../flags/flag.ts";
import { jsonFlag } from "../flags/json-flag.ts";
import { LatencyHistogram } from "../latency-histogram.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { topicName } from "../topic-names.ts";

const produce = command({
  path: "perf produce",
  summary: "measure how fast a topic takes records",
  names: "NAME",
  flags: {
    ...clusterFlags,
    topic: textFlag({ placeholder: "NAME", about: "the topic; the same as a word without flag" }),
    "num-records": numberFlag({ min: 1, byDefault: 100_000, about: "records to write" }),
    "record-size": numberFlag({ min: 1, byDefault: 100, about: "bytes of each" }),
    throughput: numberFlag({ min: 1, about: "records a second; default: as many as it takes" }),
    linger: numberFlag({
      max: 60_000,
      byDefault: 5,
      about: "milliseconds that a batch waits for more",
    }),
    compression: choiceFlag(["none", "gzip", "zstd"], {
      placeholder: "NAME",
      byDefault: "none",
      about: "none, gzip or zstd",
    }),
    json: jsonFlag,
  },
  notes: "Latency is from sending a record to its acknowledgement, by all replicas.",
  run: ({ flags, names }, terminal) =>
    withClient(flags, async (client) => {
      const topic = topicName(names, flags.topic);
      await requireTopic(client, topic, terminal);
      const { "num-records": recordCount, "record-size": recordBytes, throughput } = flags;
      const producer = client.producer({ linger: flags.linger, compression: flags.compression });
      const run = new Run(terminal, recordCount);
      try {
        const value = randomText(recordBytes);
        while (run.begunCount < recordCount && !terminal.signal.aborted) {
          await run.untilDue(throughput);
          const startMs = performance.now();
          const sent = producer.send({ topic, value });
          await run.begin(sent.then(() => run.done(recordBytes, performance.now() - startMs)));
        }
        await run.settled();
      } finally {
        await producer.close();
      }
      run.print(flags.json);
    }),
});

const consume = command({
  path: "perf consume",
  summary: "measure how fast a topic is read",
  names: "NAME",
  flags: {
    ...clusterFlags,
    topic: textFlag({ placeholder: "NAME", about: "the topic; the same as a word without flag" }),
    count: numberFlag({ min: 1, about: "records to read; default: all that are there" }),
    "from-end": switchFlag({ about: "read what is written from now on, --count records" }),
    json: jsonFlag,
  },
  notes:
    "Latency is from a record's timestamp to its arrival: with --from-end that is from end to end.",
  run: ({ flags, names }, terminal) =>
    withClient(flags, async (client) => {
      const topic = topicName(names, flags.topic);
      const partitionCount = await requireTopic(client, topic, terminal);
      if (flags["from-end"] && flags.count === undefined)
        throw new CommandError("--from-end wants --count N: there is always more to come");
      const at = (where: "earliest" | "latest") =>
        client.admin.listOffsets(
          Array.from({ length: partitionCount }, (_, partition) => ({
            topic,
            partition,
            at: where,
          })),
          { signal: terminal.signal },
        );
      const [starts, ends] = [await at("earliest"), await at("latest")];
      const held = ends.reduce((sum, { offset }, index) => sum + offset - starts[index].offset, 0);
      const recordCount = flags["from-end"] ? flags.count : Math.min(flags.count ?? held, held);
      const run = new Run(terminal, recordCount ?? held);
      const reader = client.openReader({ isolation: "read_uncommitted" });
      reader.assign(flags["from-end"] ? ends : starts);
      const isBehind = () => ends.some((end) => (reader.position(end) ?? 0) < end.offset);
      while (!run.isDone && !terminal.signal.aborted && (flags["from-end"] || isBehind()))
        for (const batch of await reader.poll({ signal: terminal.signal, waitMsMax: 500 })) {
          const nowMs = Date.now();
          while (!run.isDone && batch.next())
            run.done(
              (batch.key?.length ?? 0) + (batch.value?.length ?? 0),
              nowMs - batch.timestamp,
            );
          batch.release();
        }
      await reader.close();
      run.print(flags.json);
    }),
});

/** `millrace perf`: measures a cluster from the client's side. */
export const perfCommands: readonly Command[] = [produce, consume];

async function requireTopic(
  { admin }: KafkaClient,
  topic: string,
  { signal }: Terminal,
): Promise<number> {
  const description = (await admin.describeTopics([topic], signal)).get(topic);
  if (description === undefined) throw new CommandError(`there is no topic ${topic}`);
  return description.partitionCount;
}

/** Letters that do not compress to nothing. */
function randomText(length: number): string {
  let text = "";
  while (text.length < length) text += Math.random().toString(36).slice(2);
  return text.slice(0, length);
}

/** Records that are under way at once, at most. */
const underWayMax = 10_000;

/** What is measured while records go. */
class Run {
  readonly #terminal: Terminal;
  readonly #recordCount: number;
  readonly #latencies = new LatencyHistogram();
  readonly #startMs = performance.now();
  #lastMs = this.#startMs;
  #bytes = 0;
  #doneCount = 0;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  begunCount = 0;

  constructor(terminal: Terminal, recordCount: number) {
    this.#terminal = terminal;
    this.#recordCount = recordCount;
  }

  get isDone(): boolean {
    return this.#doneCount >= this.#recordCount;
  }

  /** Counts it; waits where too many are under way. */
  async begin(work: Promise<void>): Promise<void> {
    this.begunCount++;
    work
      .catch((error: unknown) => {
        this.#failure ??= error instanceof Error ? error : new Error(String(error));
        this.#doneCount++;
      })
      .finally(() => this.#wake?.());
    await this.#below(underWayMax);
  }

  /** All that were begun have ended. */
  settled(): Promise<void> {
    return this.#below(1);
  }

  done(bytes: number, latencyMs: number): void {
    this.#doneCount++;
    this.#bytes += bytes;
    this.#lastMs = performance.now();
    this.#latencies.add(latencyMs);
    const [done, total] = [this.#doneCount, this.#recordCount];
    this.#terminal.progress.show({ label: "measuring", done, total, unit: "records" });
  }

  /** Holds the rate: the next record is due as many seconds after the start as records went before it, by the rate. */
  async untilDue(perSecond: number | undefined): Promise<void> {
    if (perSecond === undefined) return;
    const dueMs = this.#startMs + (this.begunCount / perSecond) * 1000;
    const waitMs = dueMs - performance.now();
    if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, waitMs));
  }

  print(isJson: boolean): void {
    this.#terminal.progress.clear();
    const seconds = Math.max(this.#lastMs - this.#startMs, 1) / 1000;
    const records = this.#latencies.count;
    const result = {
      records,
      seconds: rounded(seconds),
      recordsPerSecond: Math.round(records / seconds),
      mibPerSecond: rounded(this.#bytes / seconds / 2 ** 20),
      latencyMs: {
        mean: rounded(this.#latencies.mean),
        p50: rounded(this.#latencies.percentile(0.5)),
        p95: rounded(this.#latencies.percentile(0.95)),
        p99: rounded(this.#latencies.percentile(0.99)),
        p999: rounded(this.#latencies.percentile(0.999)),
        max: rounded(this.#latencies.max),
      },
    };
    const { latencyMs } = result;
    this.#terminal.print(
      isJson
        ? JSON.stringify(result)
        : `${records} records in ${result.seconds} s, ${result.recordsPerSecond} records/s, ${result.mibPerSecond} MiB/s; latency in ms: ${Object.entries(
            latencyMs,
          )
            .map(([name, ms]) => `${name} ${ms}`)
            .join(", ")}`,
    );
  }

  async #below(count: number): Promise<void> {
    while (this.begunCount - this.#doneCount >= count)
      await new Promise<void>((resolve) => (this.#wake = resolve));
    if (this.#failure !== undefined) throw this.#failure;
  }
}

function rounded(number: number): number {
  return Math.round(number * 100) / 100;
}
