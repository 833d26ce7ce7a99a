import { noHeaders } from "@millrace/model";
import { int64AsNumber, string } from "@millrace/serde";
import { keyValueStore } from "@millrace/state";
import {
  StreamRecord,
  StreamsBuilder,
  type KStream,
  type Processor,
  type ProcessorContext,
  type Topology,
} from "@millrace/streams";

import { payloadOf } from "../everything.ts";
import { linesTopic } from "../topics.ts";
import { checkWords, judgeWordCount } from "./judge-word-count.ts";
import { pick, type Ask, type SimulatedProgram, type TickOptions } from "./simulated-program.ts";
import { countsTopic, echoesTopic, ticksTopic, wordsOf, wordStoreName } from "./word-topics.ts";

const vocabulary = ["ant", "bee", "cat", "dog", "elk", "fox", "gnu", "hen", "ibis", "jay"];
const wordsPerLineMax = 4;

/**
 * Lines become words, words are grouped by themselves (through a repartition topic) and counted. Beside it a timer
 * of each task that reads lines counts, in a store, how often it has fired, and tells each count; and, where there is
 * somebody to ask, each line is echoed once that was awaited, in the order of the lines.
 */
export const wordCount: SimulatedProgram = {
  name: "word-count",
  outputs: [countsTopic, ticksTopic, echoesTopic],
  isTimed: false,
  isClosed: false,
  draw: (random) => ({
    topic: linesTopic,
    key: `l${random.below(1_000)}`,
    payload: Array.from({ length: 1 + random.below(wordsPerLineMax) }, () =>
      pick(random, vocabulary),
    ).join(" "),
  }),
  build: ({ ticks, ask }, { askMs }) => {
    const builder = new StreamsBuilder();
    const lines = builder.stream(linesTopic, { value: string() }).mapValues(payloadOf, {
      name: "lines",
      value: string(),
    });
    lines
      .flatMapValues(wordsOf)
      .groupBy((word) => word, { key: string(), value: string() })
      .count({ store: wordStoreName })
      .toStream()
      .to(countsTopic, { key: string(), value: int64AsNumber() });
    if (askMs > 0) addEchoes(lines, ask);
    const topology = builder.build();
    addTicks(topology, ticks);
    return topology;
  },
  judge: judgeWordCount,
  check: checkWords,
};

/** An echo is its line's place. */
function addEchoes(lines: KStream<Uint8Array | null, string, "known", "known">, ask: Ask): void {
  lines
    .mapValuesAsync(
      async (_line, _key, { metadata, signal }) => {
        await ask(signal);
        return `${metadata?.partition}@${metadata?.offset}`;
      },
      {
        name: "echo",
        order: "partition",
        concurrency: 3,
        timeout: "40ms",
        retry: { attempts: 1_000, backoff: { from: "1ms", to: "20ms" } },
        value: string(),
      },
    )
    .to(echoesTopic);
}

const fired = keyValueStore({ name: "tick-store", key: string(), value: int64AsNumber() });

function addTicks(topology: Topology, ticks: TickOptions): void {
  topology.addProcessor("ticks", () => new Ticks(ticks), { parents: "lines", stores: [fired] });
  topology.addSink("ticks-sink", ticksTopic, {
    key: string(),
    value: int64AsNumber(),
    parents: "ticks",
  });
}

class Ticks implements Processor<unknown, unknown, string, number> {
  readonly #options: TickOptions;
  #tellLate: (() => void) | undefined;

  constructor(options: TickOptions) {
    this.#options = options;
  }

  init(context: ProcessorContext<string, number>): void {
    const { everyMs, isOn } = this.#options;
    const key = String(context.taskId.partition);
    const store = context.store(fired);
    let count = 0;
    const tick = () => new StreamRecord(key, count, context.currentSystemTimeMs());
    this.#tellLate = () => {
      count += 1;
      const record = tick();
      // What a closed task forwards by itself is refused.
      context.forwardIn({ ...nowhere, timestamp: record.timestamp }, record);
    };
    if (everyMs === 0) return;
    context.schedule(everyMs, "wallClockTime", () => {
      if (!isOn()) return;
      count = (store.get(key) ?? 0) + 1;
      store.put(key, count);
      context.forward(tick());
    });
  }

  process(): void {}

  close(): void {
    if (this.#tellLate !== undefined) this.#options.afterClose?.(this.#tellLate);
  }
}

const nowhere = { topic: null, partition: -1, offset: -1, headers: noHeaders, input: undefined };
