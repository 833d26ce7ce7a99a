import { string } from "@millrace/serde";
import { StreamsBuilder, tumbling } from "@millrace/streams";

import { allLinesOf, idOf, payloadOf } from "../everything.ts";
import { linesTopic, resultsTopic } from "../topics.ts";
import { judgeGrowth } from "./judge-results.ts";
import { drawKey, type ProgramWorld, type SimulatedProgram } from "./simulated-program.ts";
import { hoppingContents } from "./window-contents.ts";

const texts = { key: string(), value: string() };
const sizeMs = 20_000;
const windows = tumbling(sizeMs, { grace: "1h" });

const load: Pick<SimulatedProgram, "outputs" | "draw" | "isClosed" | "isTimed"> = {
  outputs: [resultsTopic],
  isTimed: true,
  isClosed: false,
  draw: (random) => ({ topic: linesTopic, key: drawKey(random), payload: `g${random.below(3)}` }),
};

function streamOfLines({ ask }: ProgramWorld, isAwaited: boolean) {
  const builder = new StreamsBuilder();
  const lines = builder.stream(linesTopic, texts);
  if (!isAwaited) return { builder, lines };
  const awaited = lines.mapValuesAsync(
    async (line, _key, { signal }) => {
      await ask(signal);
      return line;
    },
    {
      name: "asked",
      concurrency: 4,
      timeout: "40ms",
      retry: { attempts: 1_000, backoff: { from: "1ms", to: "20ms" } },
      value: string(),
    },
  );
  return { builder, lines: awaited };
}

/** Windows below a repartition topic: lines of both partitions, in any order, none of them too late. */
function regrouped(name: string, isAwaited: boolean): SimulatedProgram {
  return {
    ...load,
    name,
    build: (world) => {
      const { builder, lines } = streamOfLines(world, isAwaited);
      lines
        .groupBy((line) => payloadOf(line), texts)
        .windowedBy(windows)
        .aggregate(
          () => "",
          (ids, line) => `${ids}${idOf(line)} `,
          { store: "windows", value: string() },
        )
        .toStream((_ids, { key, window }) => `${key}@${window.start}-${window.end}`)
        .to(resultsTopic, texts);
      return builder.build();
    },
    judge: (everything) => {
      const lines = allLinesOf(everything, linesTopic).map((line) => ({
        ...line,
        key: line.payload,
      }));
      return judgeGrowth(everything, hoppingContents(lines, sizeMs, sizeMs));
    },
  };
}

export const regroupedPrograms: readonly SimulatedProgram[] = [
  regrouped("regrouped-windows", false),
  regrouped("awaited-windows", true),
];
