import { string } from "@millrace/serde";
import {
  hopping,
  session,
  sliding,
  StreamsBuilder,
  tumbling,
  untilTimeLimit,
  untilWindowCloses,
  type Topology,
} from "@millrace/streams";

import { idOf, linesOf, partitions, type Everything, type Line } from "../everything.ts";
import { linesTopic, resultsTopic } from "../topics.ts";
import { isInTime, judgeFinals, judgeGrowth } from "./judge-results.ts";
import { closingKey, drawKey, type SimulatedProgram } from "./simulated-program.ts";
import {
  hoppingContents,
  sessionContents,
  slidingContents,
  type Contents,
} from "./window-contents.ts";

const sizeMs = 20_000;
const advanceMs = 10_000;
const gapMs = 8_000;
const graceMs = 8_000;
/** Of records that are late, but not too late. */
const lateMsMax = 6_000;

const lines = { key: string(), value: string() };
const texts = { key: string(), value: string() };

function begin() {
  const builder = new StreamsBuilder();
  return { builder, grouped: builder.stream(linesTopic, lines).groupByKey() };
}

/** An aggregate is the ids of its lines. */
const emptyText = (): string => "";
const withLine = (ids: string, line: string): string => `${ids}${idOf(line)} `;

const load: Pick<SimulatedProgram, "outputs" | "draw"> = {
  outputs: [resultsTopic],
  draw: (random) => ({
    topic: linesTopic,
    key: drawKey(random),
    payload: "-",
    ...(random.below(4) === 0 ? { lateMs: random.below(lateMsMax) } : {}),
  }),
};

function windowName(key: string, { start, end }: { readonly start: number; readonly end: number }) {
  return `${key}@${start}-${end}`;
}

interface WindowProgram {
  readonly name: string;
  readonly topology: () => Topology;
  readonly contents: (lines: readonly Line[]) => Contents;
  /** How its results leave: with every update, or once. */
  readonly emits: "updates" | "finals";
}

function windowProgram({ name, topology, contents, emits }: WindowProgram): SimulatedProgram {
  return {
    ...load,
    name,
    isTimed: true,
    isClosed: emits === "finals",
    build: topology,
    judge: (everything) => {
      const expected = expectedContents(everything, contents);
      return emits === "finals"
        ? judgeFinals(everything, expected)
        : judgeGrowth(everything, expected);
    },
  };
}

/** Without those of partitions in which a line came too late: what counts then depends on restarts, as in Kafka. */
function expectedContents(
  everything: Everything,
  contents: (lines: readonly Line[]) => Contents,
): Contents {
  const expected = new Map<string, readonly string[] | "any">();
  for (const partition of partitions) {
    const all = linesOf(everything, linesTopic, partition);
    const own = all.filter(({ key }) => key !== closingKey);
    const isJudged = isInTime(own, graceMs);
    for (const [key, ids] of contents(own)) expected.set(key, isJudged ? ids : "any");
  }
  return expected;
}

const timeWindows = tumbling(sizeMs, { grace: graceMs });
const hops = hopping(sizeMs, { advance: advanceMs, grace: graceMs });
const slides = sliding(sizeMs, { grace: graceMs });
const sessions = session(gapMs, { grace: graceMs });
const kept = { store: "windows", value: string() } as const;
/**
 * Results that leave when windows close are looked for once in a second; as in Kafka, what the store does not keep any
 * more by then is not told.
 */
const keptFor = (retention: "1h" | undefined) => ({
  store: { name: "windows", ...(retention === undefined ? {} : { retention }) },
  value: string(),
});
const merging = {
  aggregator: withLine,
  merger: (left: string, right: string): string => left + right,
};

const ofTumbling = (own: readonly Line[]): Contents => hoppingContents(own, sizeMs, sizeMs);
const ofHopping = (own: readonly Line[]): Contents => hoppingContents(own, sizeMs, advanceMs);
const ofSliding = (own: readonly Line[]): Contents => slidingContents(own, sizeMs);
const ofSessions = (own: readonly Line[]): Contents => sessionContents(own, gapMs);

export const windowPrograms: readonly SimulatedProgram[] = [
  ...[
    { name: "tumbling", windows: timeWindows, contents: ofTumbling },
    { name: "hopping", windows: hops, contents: ofHopping },
    { name: "sliding", windows: slides, contents: ofSliding },
  ].flatMap(({ name, windows, contents }) =>
    (["onWindowUpdate", "onWindowClose"] as const).map((strategy) =>
      windowProgram({
        name: strategy === "onWindowUpdate" ? name : `${name}-on-close`,
        contents,
        emits: strategy === "onWindowUpdate" ? "updates" : "finals",
        topology: () => {
          const { builder, grouped } = begin();
          grouped
            .windowedBy(windows)
            .emitStrategy(strategy)
            .aggregate(
              emptyText,
              withLine,
              keptFor(strategy === "onWindowUpdate" ? undefined : "1h"),
            )
            .toStream((_ids, { key, window }) => windowName(key, window))
            .to(resultsTopic, texts);
          return builder.build();
        },
      }),
    ),
  ),
  windowProgram({
    name: "session",
    contents: ofSessions,
    emits: "updates",
    topology: () => {
      const { builder, grouped } = begin();
      grouped
        .windowedBy(sessions)
        .aggregate(emptyText, merging, kept)
        .toStream((_ids, { key, window }) => windowName(key, window))
        .mapValues((ids) => ids ?? "gone")
        .to(resultsTopic, texts);
      return builder.build();
    },
  }),
  windowProgram({
    name: "session-on-close",
    contents: ofSessions,
    emits: "finals",
    topology: () => {
      const { builder, grouped } = begin();
      grouped
        .windowedBy(sessions)
        .emitStrategy("onWindowClose")
        .aggregate(emptyText, merging, keptFor("1h"))
        .toStream((_ids, { key, window }) => windowName(key, window))
        .to(resultsTopic, texts);
      return builder.build();
    },
  }),
  windowProgram({
    name: "suppress-until-close",
    contents: ofTumbling,
    emits: "finals",
    topology: () => {
      const { builder, grouped } = begin();
      grouped
        .windowedBy(timeWindows)
        .aggregate(emptyText, withLine, kept)
        .suppress(untilWindowCloses(), { name: "held" })
        .toStream((_ids, { key, window }) => windowName(key, window))
        .to(resultsTopic, texts);
      return builder.build();
    },
  }),
  {
    ...load,
    name: "suppress-for-a-time",
    isTimed: true,
    isClosed: true,
    build: () => {
      const { builder, grouped } = begin();
      grouped
        .aggregate(emptyText, withLine, { store: "lists", value: string() })
        .suppress(untilTimeLimit("12s", { records: 3 }), { name: "held" })
        .toStream()
        .to(resultsTopic, texts);
      return builder.build();
    },
    judge: (everything) => {
      const expected = new Map<string, readonly string[]>();
      for (const partition of partitions)
        for (const { key, id } of linesOf(everything, linesTopic, partition))
          if (key !== closingKey) expected.set(key, [...(expected.get(key) ?? []), id]);
      return judgeGrowth(everything, expected);
    },
  },
];
