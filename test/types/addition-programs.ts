// What has no counterpart in Kafka Streams, as users write it, without an annotation but serdes.
import {
  calendar,
  customWindows,
  json,
  StreamsBuilder,
  string,
  untilWindowCloses,
  windowed,
  type KTable,
  type Windowed,
} from "millrace";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function check<_T extends true>(): void;

interface Reading {
  readonly celsius: number;
}
const builder = new StreamsBuilder();
const readings = builder.stream("readings", { key: string(), value: json<Reading>() });

const days = calendar("day", { timeZone: "Europe/Berlin", grace: "1h" });
const highest = readings
  .groupByKey()
  .windowedBy(days)
  .aggregate(
    () => ({ highest: -273.15 }),
    (day, { celsius }) => ({ highest: Math.max(day.highest, celsius) }),
    { value: json<{ highest: number }>(), store: "days" },
  );
check<
  Equal<typeof highest, KTable<Windowed<string>, { highest: number }, "known", "known", "window">>
>();
highest.suppress(untilWindowCloses()).toStream().to("days");
builder.stream("days", { key: windowed(string(), days), value: json<{ highest: number }>() });
calendar("week", { timeZone: "Asia/Riyadh", weekStartsOn: "sunday" });

const shifts = readings
  .groupByKey()
  .windowedBy(
    customWindows({ size: "8h", windowsFor: (at) => [{ start: at - (at % 100), end: at + 1 }] }),
  )
  .count();
check<Equal<typeof shifts, KTable<Windowed<string>, number, "known", "known", "unnamed">>>();
