import { int64AsNumber, string } from "@millrace/serde";
import { keyValueStore } from "@millrace/state";
import { StreamRecord, StreamsBuilder, type KStream, type Topology } from "@millrace/streams";

export const applicationId = "word-count";
export const linesTopic = "lines";
export const countsTopic = "counts";
export const ticksTopic = "ticks";
export const echoesTopic = "echoes";
export const storeName = "word-store";
export const repartitionTopic = `${applicationId}-${storeName}-repartition`;
export const changelogTopic = `${applicationId}-${storeName}-changelog`;
export const partitionCount = 2;

/** All that is read and judged: inputs, what lies between, state, outputs. */
export const watchedTopics = [
  linesTopic,
  repartitionTopic,
  changelogTopic,
  countsTopic,
  ticksTopic,
  echoesTopic,
] as const;

export function wordsOf(line: string): readonly string[] {
  return line.split(" ").filter((word) => word !== "");
}

export interface TickOptions {
  /** 0: no timer is set. */
  readonly everyMs: number;
  /** False: a timer that fires does nothing. */
  readonly isOn: () => boolean;
  /** A planted bug: called with the timer when its task is closed. */
  readonly afterClose?: ((tick: () => void) => void) | undefined;
}

/** A service that is asked for each line: it rejects, or takes its time. */
export type Ask = (signal: AbortSignal) => Promise<void>;

const noTicks: TickOptions = { everyMs: 0, isOn: () => false };

/**
 * Lines become words, words are grouped by themselves (through a repartition topic) and counted. Beside it a timer
 * of each task that reads lines counts, in a store, how often it has fired, and tells each count; and, where there is
 * somebody to ask, each line is echoed once that was awaited, in the order of the lines.
 */
export function wordCountTopology(ticks: TickOptions = noTicks, ask?: Ask): Topology {
  const builder = new StreamsBuilder();
  const lines = builder.stream(linesTopic, { value: string() });
  lines
    .flatMapValues(wordsOf)
    .groupBy((word) => word, { key: string(), value: string() })
    .count({ store: storeName })
    .toStream()
    .to(countsTopic, { key: string(), value: int64AsNumber() });
  addTicks(lines, ticks);
  if (ask !== undefined) addEchoes(lines, ask);
  return builder.build();
}

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
