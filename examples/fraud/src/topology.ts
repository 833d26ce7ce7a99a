import {
  int64AsNumber,
  json,
  keyValueStore,
  sliding,
  StreamsBuilder,
  string,
  type Topology,
} from "millrace";

/** Topics of the example, both keyed by card. */
export const topics = { payments: "card-payments", alarms: "fraud-alarms" } as const;

export interface Payment {
  readonly cents: number;
  readonly country: string;
}

export interface Alarm {
  readonly reason: string;
  readonly count: number;
  readonly cents: number;
  readonly countries: readonly string[];
  /** The stretch of time that looked wrong, in ms since 1970. */
  readonly from: number;
  readonly to: number;
}

interface Activity {
  readonly count: number;
  readonly cents: number;
  readonly countries: readonly string[];
}

/** How much a card may do in ten minutes, whenever these begin. */
const countMax = 4;
const centsMax = 100_000;
const countriesMax = 1;
const tenMinutes = 600_000;

/**
 * Watches ten minutes of each card: *every* ten minutes, not those that a clock cuts. Five payments from 11:57 to 12:03 are
 * in two tumbling windows, and look harmless in both; a sliding window has them together.
 */
export function fraudTopology(): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream(topics.payments, { key: string(), value: json<Payment>() })
    .groupByKey()
    .windowedBy(sliding(tenMinutes, { grace: "1m" }))
    .aggregate(
      (): Activity => ({ count: 0, cents: 0, countries: [] }),
      ({ count, cents, countries }, payment) => ({
        count: count + 1,
        cents: cents + payment.cents,
        countries: [...new Set([...countries, payment.country])].sort(),
      }),
      // Without a cache, which would hold an alarm back until the next commit.
      { value: json<Activity>(), store: { name: "activity", caching: false } },
    )
    .toStream()
    .flatMap((activity, { key: card, window }) => {
      const reason = reasonOf(activity);
      if (reason === undefined) return [];
      return [{ key: card, value: { reason, ...activity, from: window.start, to: window.end } }];
    })
    .processValues({
      // One burst is in many windows, and each update of each says so: an alarm in ten minutes is enough.
      stores: {
        lastAlarms: keyValueStore({ name: "last-alarms", key: string(), value: int64AsNumber() }),
      },
      value: json<Alarm>(),
      process(record, { lastAlarms, forward }) {
        const last = lastAlarms.get(record.key) ?? -Infinity;
        if (record.timestamp - last <= tenMinutes) return;
        lastAlarms.put(record.key, record.timestamp);
        forward(record);
      },
    })
    .to(topics.alarms, { key: string() });
  return builder.build();
}

function reasonOf({ count, cents, countries }: Activity): string | undefined {
  if (countries.length > countriesMax) return "two countries at once";
  if (cents > centsMax) return "too much money";
  return count > countMax ? "too many payments" : undefined;
}
