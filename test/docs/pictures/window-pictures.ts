import type { Windowed } from "@millrace/model";
import { int64AsNumber, optional, string, windowed, type Serde } from "@millrace/serde";
import {
  hopping,
  session,
  sliding,
  StreamsBuilder,
  tumbling,
  unlimited,
  untilTimeLimit,
  untilWindowCloses,
  type AnyWindows,
  type EmitStrategy,
  type Topology,
} from "@millrace/streams";

import type { Picture } from "./picture.ts";

const seconds = { name: "seconds", ms: 1000 };
const second = (at: number, key = "a") => ({ key, value: "", at });

interface CountOptions {
  readonly emit?: EmitStrategy;
  /** Kept for longer than the windows, so that results are there when they close. */
  readonly retention?: "1h";
  readonly suppress?: "windowCloses" | "timeLimit";
}

/** Counts per key and window. */
function counting(
  windows: AnyWindows,
  { emit = "onWindowUpdate", retention, suppress }: CountOptions = {},
): () => Topology {
  return () => {
    const builder = new StreamsBuilder();
    const grouped = builder.stream("records", { key: string(), value: string() }).groupByKey();
    const store = retention === undefined ? {} : { store: { name: "counts", retention } };
    const table = grouped
      .windowedBy(windows as ReturnType<typeof tumbling>)
      .emitStrategy(emit)
      .count(store);
    const passed =
      suppress === undefined
        ? table
        : suppress === "windowCloses"
          ? table.suppress(untilWindowCloses())
          : table.suppress(untilTimeLimit("10s"));
    passed.toStream().to("counts");
    return builder.build();
  };
}

function countsOf(windows: AnyWindows): Picture<Windowed<string>, number | null>["output"] {
  const key: Serde<Windowed<string>> =
    windows.kind === "session"
      ? windowed(string(), "session")
      : windowed(string(), { size: windows.sizeMs });
  return { topic: "counts", key, value: optional(int64AsNumber()) };
}

interface WindowPicture extends CountOptions {
  readonly windows: AnyWindows;
  readonly records: Picture["records"];
  readonly to: number;
}

function windowPicture({
  windows,
  records,
  to,
  ...options
}: WindowPicture): Picture<Windowed<string>, number | null> {
  const isEndInclusive = windows.kind !== "time";
  const isUnlimited = windows.kind === "time" && !windows.canClose;
  const shown = ({ window: { start, end } }: Windowed<string>): string =>
    isUnlimited
      ? `[${start / 1000}, ...)`
      : `[${start / 1000}, ${end / 1000}${isEndInclusive ? "]" : ")"}`;
  const gapMs = windows.kind === "session" ? windows.gapMs : 0;
  return {
    unit: seconds,
    ticks: { every: 5, to },
    topology: counting(windows, options),
    records,
    output: countsOf(windows),
    tell: (key, count) => `${key.key} ${shown(key)}: ${count ?? "gone"}`,
    bar: (key, count) =>
      count === null
        ? undefined
        : {
            ...key.window,
            isEndInclusive,
            closes: key.window.end + gapMs + windows.graceMs,
            label: `${key.key} ${shown(key)}: ${count}`,
          },
  };
}

/** One record late and in time, one too late. */
const someLate = [2, 7, 12, 9, 22, 16, 8, 31].map((at) => second(at));

export const windowPictures = {
  tumbling: windowPicture({ windows: tumbling("10s", { grace: "5s" }), records: someLate, to: 40 }),
  hopping: windowPicture({
    windows: hopping("10s", { advance: "5s" }),
    records: [2, 7, 12].map((at) => second(at)),
    to: 25,
  }),
  sliding: windowPicture({
    windows: sliding("10s"),
    records: [12, 18, 20].map((at) => second(at)),
    to: 35,
  }),
  session: windowPicture({
    windows: session("5s", { grace: "10s" }),
    records: [2, 6, 15, 10, 30].map((at) => second(at)),
    to: 45,
  }),
  unlimited: windowPicture({
    windows: unlimited({ startOn: 5_000 }),
    records: [2, 7, 30].map((at) => second(at)),
    to: 35,
  }),
  "on-close": windowPicture({
    windows: tumbling("10s", { grace: "5s" }),
    emit: "onWindowClose",
    retention: "1h",
    records: someLate,
    to: 40,
  }),
  suppress: windowPicture({
    windows: tumbling("10s", { grace: "5s" }),
    suppress: "windowCloses",
    records: someLate,
    to: 40,
  }),
  "time-limit": windowPicture({
    windows: unlimited(),
    suppress: "timeLimit",
    records: [2, 7, 12, 13, 40].map((at) => second(at)),
    to: 45,
  }),
};
