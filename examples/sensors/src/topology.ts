import { calendar, json, string, StreamsBuilder, type Topology } from "millrace";

/** Topics of the example, both keyed by sensor. */
export const topics = { readings: "sensor-readings", days: "sensor-days" } as const;

export interface Reading {
  readonly celsius: number;
}

export interface SensorDay {
  /** As the calendar on the wall has it, such as 2024-10-27. */
  readonly date: string;
  /** 23 to 25. */
  readonly hours: number;
  readonly readingCount: number;
  readonly lowest: number;
  readonly highest: number;
  readonly mean: number;
}

interface Summary {
  readonly readingCount: number;
  readonly lowest: number;
  readonly highest: number;
  readonly sum: number;
}

export const timeZone = "Europe/Berlin";

const dateThere = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short" });

/**
 * The days of each sensor, as the people see them who live with it: from midnight to midnight of their time zone, told once,
 * when the day is over and no reading of it may come any more.
 */
export function sensorDays(): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream(topics.readings, { key: string(), value: json<Reading>() })
    .groupByKey()
    .windowedBy(calendar("day", { timeZone, grace: "1h" }))
    .emitStrategy("onWindowClose")
    .aggregate(
      (): Summary => ({ readingCount: 0, lowest: Infinity, highest: -Infinity, sum: 0 }),
      ({ readingCount, lowest, highest, sum }, { celsius }) => ({
        readingCount: readingCount + 1,
        lowest: Math.min(lowest, celsius),
        highest: Math.max(highest, celsius),
        sum: sum + celsius,
      }),
      { value: json<Summary>(), store: "days" },
    )
    .toStream()
    .map(
      ({ sum, ...day }, { key, window }) => ({
        key,
        value: {
          date: dateThere.format(window.start),
          hours: (window.end - window.start) / 3_600_000,
          ...day,
          mean: sum / day.readingCount,
        },
      }),
      { key: string(), value: json<SensorDay>() },
    )
    .to(topics.days);
  return builder.build();
}
