import {
  calendar,
  countWindows,
  double,
  hopping,
  int64AsNumber,
  json,
  keyValueStore,
  optional,
  session,
  sliding,
  StreamRecord,
  StreamsBuilder,
  string,
  tumbling,
  untilWindowCloses,
  type KStream,
  type KTable,
  type Topology,
  type Windowed,
} from "millrace";

export const inputs = { events: "events", payments: "payments", customers: "customers" } as const;

/** Topics whose keys have a last value, or few. */
const tables = [
  "tumbling",
  "hopping",
  "sliding",
  "sessions",
  "owners",
  "top",
  "recent",
  "days",
  "sevens",
] as const;
/** Topics of which each record counts. */
const lists = ["paid", "once", "as-of", "versions", "delayed"] as const;

export const outputs = { tables, lists } as const;

export interface Event {
  readonly key: string;
  readonly id: string;
  readonly n: number;
  readonly at: number;
}

const minuteMs = 60_000;
export const graceMs = 2 * minuteMs;
export const ttlMs = 10 * minuteMs;
export const joinMs = 5 * minuteMs;
const history = "3650d";

type Events = KStream<string, Event, "known", "known">;
type Customers = KTable<string, string | null, "known", "known", "versioned">;

/** Operators of all kinds that keep state, each with a topic of its own. */
export function kindsTopology(): Topology {
  const builder = new StreamsBuilder();
  const serdes = { key: string(), value: json<Event>() };
  const events = builder.stream(inputs.events, serdes);
  const payments = builder.stream(inputs.payments, serdes);
  const customers = builder.table(inputs.customers, {
    key: string(),
    value: string(),
    store: { name: "customers", historyRetention: history },
  });
  aggregateInWindows(events);
  aggregate(events);
  join(events, payments, customers);
  delay(events);
  return builder.build();
}

const nameOf = (_value: unknown, { key, window }: Windowed<string>): string =>
  `${key}@${window.start}`;
const sum = [() => 0, (total: number, { n }: Event) => total + n] as const;

function aggregateInWindows(events: Events): void {
  const byKey = events.groupByKey();
  byKey
    .windowedBy(tumbling("10m", { grace: graceMs }))
    .aggregate(...sum, { value: double(), store: "tumbling" })
    .toStream(nameOf)
    .to("tumbling", { key: string() });
  byKey
    .windowedBy(hopping("10m", { advance: "5m", grace: graceMs }))
    .aggregate(...sum, { value: double(), store: "hopping" })
    .suppress(untilWindowCloses())
    .toStream(nameOf)
    .to("hopping", { key: string() });
  byKey
    .windowedBy(sliding("3m", { grace: graceMs }))
    .count({ store: "sliding" })
    .toStream(nameOf)
    .to("sliding", { key: string() });
  byKey
    .windowedBy(session("4m", { grace: graceMs }))
    .emitStrategy("onWindowClose")
    .count({ store: { name: "sessions", retention: "1000d" } })
    .toStream((_count, { key, window }) => `${key}@${window.start}-${window.end}`)
    .to("sessions", { key: string() });
  byKey
    .windowedBy(calendar("day", { timeZone: "Europe/Berlin", grace: graceMs }))
    .aggregate(...sum, { value: double(), store: "days" })
    .toStream(nameOf)
    .to("days", { key: string() });
  byKey
    .windowedBy(countWindows(7))
    .emitStrategy("onWindowClose")
    .aggregate(...sum, { value: double(), store: "sevens" })
    .toStream((_total, { key, index }) => `${key}@${index}`)
    .to("sevens", { key: string() });
}

function aggregate(events: Events): void {
  events
    .groupBy(({ n }) => `g${n % 5}`, { key: string() })
    .topN(3, ({ n }) => n, { store: "top" })
    .toStream()
    .mapValues((list) => list.map(({ id }) => id).join())
    .to("top", { value: string() });
  events
    .deduplicate(({ id }) => id, { within: "1h", id: string() })
    .mapValues(({ id }) => id)
    .to("once", { value: string() });
  events
    .groupByKey()
    .count({ store: { name: "recent", ttl: ttlMs, caching: false } })
    .toStream()
    .to("recent", { value: optional(int64AsNumber()) });
}

function join(events: Events, payments: Events, customers: Customers): void {
  events
    .outerJoin(payments, (event, payment) => `${event?.id ?? ""}+${payment?.id ?? ""}`, {
      within: joinMs,
      grace: "365d",
      value: string(),
    })
    .to("paid");
  events
    .asOfJoin(payments, ({ id }, payment) => `${id}<${payment?.id ?? ""}`, {
      tolerance: joinMs,
      grace: "1h",
      value: string(),
    })
    .to("as-of");
  events
    .toTable({ store: "events" })
    .join(customers, ({ id }, customer) => `${id}:${customer}`, {
      foreignKey: ({ n }) => `c${n % 20}`,
      store: "owners",
      value: string(),
    })
    .toStream()
    .to("owners");
  const rows = customers
    .toStream()
    .toTable({ store: { name: "again", historyRetention: history } });
  events
    .leftJoin(rows, ({ id }, customer) => `${id}=${customer ?? ""}`, {
      grace: "5m",
      value: string(),
    })
    .to("versions");
}

/** Holds each record back until a timer lets it out. */
function delay(events: Events): void {
  events
    .process({
      stores: { waiting: keyValueStore({ name: "waiting", key: string(), value: json<Event>() }) },
      output: { key: string(), value: string() },
      init({ schedule, waiting, forward }) {
        schedule("5m", "streamTime", (now) => {
          using rows = waiting.all();
          for (const { key, value } of rows) {
            waiting.delete(key);
            forward(new StreamRecord(value.key, value.id, Math.min(now, value.at)));
          }
        });
      },
      process: (record, { waiting, metadata }) => waiting.put(`${metadata?.offset}`, record.value),
    })
    .to("delayed");
}
