import { int64AsNumber, string } from "@millrace/serde";
import { keyValueStore } from "@millrace/state";
import { StreamRecord, StreamsBuilder, type KStream } from "@millrace/streams";

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
      value: string(),
    });
    lines
      .flatMapValues(wordsOf)
      .groupBy((word) => word, { key: string(), value: string() })
      .count({ store: wordStoreName })
      .toStream()
      .to(countsTopic, { key: string(), value: int64AsNumber() });
    addTicks(lines, ticks);
    if (askMs > 0) addEchoes(lines, ask);
    return builder.build();
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

function addTicks(
  lines: KStream<Uint8Array | null, string>,
  { everyMs, isOn, afterClose }: TickOptions,
): void {
  const counts = { key: string(), value: int64AsNumber() };
  lines
    .process({
      stores: { fired: keyValueStore({ name: "tick-store", ...counts }) },
      output: counts,
      state: () => ({ count: 0, tell: () => {} }),
      init({ schedule, fired, state, taskId, forward, currentSystemTimeMs }) {
        const key = String(taskId.partition);
        state.tell = () => {
          state.count += 1;
          forward(new StreamRecord(key, state.count, currentSystemTimeMs()));
        };
        if (everyMs === 0) return;
        schedule(everyMs, "wallClockTime", () => {
          if (!isOn()) return;
          state.count = fired.get(key) ?? 0;
          fired.put(key, state.count + 1);
          state.tell();
        });
      },
      process: () => {},
      close: ({ state }) => afterClose?.(state.tell),
    })
    .to(ticksTopic);
}
