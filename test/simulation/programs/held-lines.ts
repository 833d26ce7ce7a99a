import { string } from "@millrace/serde";
import { keyValueStore } from "@millrace/state";
import { StreamRecord, StreamsBuilder, type PunctuationType } from "@millrace/streams";

import { idOf, linesOf, partitions } from "../everything.ts";
import { linesTopic, resultsTopic } from "../topics.ts";
import { judgeOnce } from "./judge-results.ts";
import { closingKey, drawKey, type SimulatedProgram } from "./simulated-program.ts";

const texts = { key: string(), value: string() };
/** Lines that are later than that, by the time of those before them, are told at once. */
const lateMsMax = 8_000;
const everyMs = { streamTime: 4_000, wallClockTime: 100 };

/** Lines are kept in a store until a timer lets them go. Which are late depends on stream time, which a restart keeps. */
function heldLines(clock: PunctuationType): SimulatedProgram {
  return {
    name: `held-by-${clock === "streamTime" ? "stream-time" : "wall-clock"}`,
    outputs: [resultsTopic],
    isTimed: true,
    isClosed: true,
    draw: (random) => ({
      topic: linesTopic,
      key: drawKey(random),
      payload: "-",
      ...(random.below(3) > 0 ? { lateMs: random.below(8 * lateMsMax) } : {}),
    }),
    build: () => {
      const builder = new StreamsBuilder();
      builder
        .stream(linesTopic, texts)
        .process({
          stores: { held: keyValueStore({ name: "held", ...texts }) },
          output: texts,
          init({ schedule, held, forward, currentStreamTimeMs }) {
            schedule(everyMs[clock], clock, (now) => {
              const ids: string[] = [];
              using waiting = held.all();
              for (const { key, value } of waiting) {
                if (clock === "streamTime" && Number(value) > now - everyMs.streamTime) continue;
                ids.push(key);
              }
              for (const id of ids) {
                held.delete(id);
                forward(new StreamRecord(id, `${id} held`, Math.max(0, currentStreamTimeMs())));
              }
            });
          },
          process(record, { held, forward, currentStreamTimeMs }) {
            if (record.key === closingKey) return;
            const id = idOf(record.value);
            const isLate = record.timestamp < currentStreamTimeMs() - lateMsMax;
            if (isLate) forward(new StreamRecord(id, `${id} late`, record.timestamp));
            else held.put(id, String(record.timestamp));
          },
        })
        .to(resultsTopic);
      return builder.build();
    },
    judge: (everything) => {
      const expected: string[] = [];
      for (const partition of partitions) {
        let time = -1;
        for (const { key, id, timestamp } of linesOf(everything, linesTopic, partition)) {
          time = Math.max(time, timestamp);
          if (key === closingKey) continue;
          expected.push(`${id} ${timestamp < time - lateMsMax ? "late" : "held"}`);
        }
      }
      return judgeOnce(everything, expected);
    },
  };
}

export const timerPrograms: readonly SimulatedProgram[] = [
  heldLines("streamTime"),
  heldLines("wallClockTime"),
];
