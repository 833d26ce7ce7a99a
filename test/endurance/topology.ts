import {
  int64AsNumber,
  keyValueStore,
  session,
  StreamRecord,
  StreamsBuilder,
  string,
  tumbling,
  type Topology,
  type Windowed,
} from "millrace";

export const inputs = ["events", "payments"] as const;
export const outputs = ["windows", "sessions", "once", "paid", "told"] as const;

const nameOf = (_value: unknown, { key, window }: Windowed<string>): string =>
  `${key}@${window.start}`;

/** State whose size time bounds, so that nothing in it should grow for long. */
export function enduringTopology(): Topology {
  const builder = new StreamsBuilder();
  const serdes = { key: string(), value: string() };
  const events = builder.stream("events", serdes);
  const payments = builder.stream("payments", serdes);
  events
    .groupBy((value) => value.slice(0, 2), { key: string() })
    .windowedBy(tumbling("5s", { grace: "1s" }))
    .count({ store: "windows" })
    .toStream(nameOf)
    .to("windows", { key: string(), value: int64AsNumber() });
  events
    .groupByKey()
    .windowedBy(session("3s", { grace: "1s" }))
    .count({ store: "sessions" })
    .toStream(nameOf)
    .to("sessions", { key: string(), value: int64AsNumber() });
  events
    .deduplicate((value) => value, { within: "20s", id: string() })
    .to("once", { value: string() });
  events
    .join(payments, (event, payment) => `${event} ${payment}`, {
      within: "2s",
      grace: "1s",
      value: string(),
    })
    .to("paid");
  events
    .process({
      stores: { last: keyValueStore({ name: "last", key: string(), value: string() }) },
      output: { key: string(), value: string() },
      init({ schedule, last, forward }) {
        schedule("1s", "wallClockTime", (now) => {
          using rows = last.all();
          for (const { key, value } of rows) {
            last.delete(key);
            forward(new StreamRecord(key, value, now));
          }
        });
      },
      process: ({ key, value }, { last }) => last.put(key, value),
    })
    .to("told");
  return builder.build();
}
