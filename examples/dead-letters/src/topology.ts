import {
  json,
  keyValueStore,
  otherwise,
  StreamRecord,
  StreamsBuilder,
  string,
  type Duration,
  type KStream,
  type Topology,
} from "millrace";

/** Topics of the example, all keyed by parcel, and all with as many partitions. */
export const topics = {
  parcels: "parcels",
  booked: "booked-parcels",
  /** What failed once waits in the first one, what failed twice in the second. */
  retries: ["parcels-retry-soon", "parcels-retry-later"],
  /** What failed three times, with all that was said. */
  dead: "dead-parcels",
  /** What is no parcel at all: the bytes as they came, and Kafka's headers about the error. */
  unreadable: "unreadable-parcels",
} as const;

export interface Parcel {
  readonly address: string;
}

/** A parcel with all its failures so far: what retry topics and dead letters hold. */
export interface Attempt {
  readonly parcel: Parcel;
  readonly failures: readonly string[];
}

export interface Booked {
  readonly outcome: "booked";
  readonly parcel: Parcel;
  readonly trackingNumber: string;
}
interface Failed extends Attempt {
  readonly outcome: "failed";
}

/** Books a parcel with a carrier; one attempt may come again, where a process ended before it heard the answer. */
export type Carrier = (
  id: string,
  parcel: Parcel,
  context: { readonly attempt: number; readonly signal: AbortSignal },
) => Promise<string>;

export interface RetryOptions {
  readonly book: Carrier;
  /** How long a parcel waits before the second attempt, and before the third. */
  readonly delaysMs?: readonly [number, number];
  /** How often parcels are looked for whose time has come. Default: a second. */
  readonly checkEvery?: Duration;
}

const parcels = { key: string(), value: json<Attempt>() };

/**
 * Books parcels with a carrier. One that fails goes to a topic where it waits, so that those behind it go on, and is tried
 * again later; after the last attempt it is a dead letter.
 */
export function bookingTopology({
  book,
  delaysMs = [60_000, 3_600_000],
  checkEvery = "1s",
}: RetryOptions): Topology {
  const builder = new StreamsBuilder();
  let attempts: KStream<string, Attempt, "known", "known"> = builder
    .stream(topics.parcels, { key: string(), value: json<Parcel>() })
    .mapValues((parcel): Attempt => ({ parcel, failures: [] }), { value: json<Attempt>() });
  for (const [index, topic] of topics.retries.entries()) {
    const waiting = { name: `${topic}-waiting`, delayMs: delaysMs[index], checkEvery };
    attempts = attempts.merge(held(builder.stream(topic, parcels), waiting), parcels);
  }

  const { booked, failed } = attempts
    .mapValuesAsync(
      async ({ parcel, failures }, id, { signal }): Promise<Booked | Failed> => ({
        outcome: "booked",
        parcel,
        trackingNumber: await book(id, parcel, { attempt: failures.length + 1, signal }),
      }),
      {
        name: "book",
        concurrency: 50,
        timeout: "10s",
        onGiveUp: {
          value: (error, { parcel, failures }) => ({
            outcome: "failed",
            parcel,
            failures: [...failures, String(error)],
          }),
        },
        value: json<Booked | Failed>(),
      },
    )
    .split({ booked: (result) => result.outcome === "booked", failed: otherwise });

  booked.to(topics.booked, { value: json<Booked>() });
  failed
    .mapValues(({ parcel, failures }): Attempt => ({ parcel, failures }), {
      value: json<Attempt>(),
    })
    .to(({ failures }) => topics.retries[failures.length - 1] ?? topics.dead);
  return builder.build();
}

/** Options of the application that belong to it: whatever is no parcel is kept aside, in the same transaction. */
export const policies = {
  onDeserializationError: "continue",
  deadLetterTopic: topics.unreadable,
} as const;

/** Keeps each record until it is due by the clock, over restarts too, and passes it on as it was. */
function held<V>(
  stream: KStream<string, V, "known", "known">,
  { name, delayMs, checkEvery }: { name: string; delayMs: number; checkEvery: Duration },
): KStream<string, V, "known", "known"> {
  interface Waiting {
    readonly key: string;
    readonly value: unknown;
    readonly timestamp: number;
  }
  return stream.process({
    stores: { waiting: keyValueStore({ name, key: string(), value: json<Waiting>() }) },
    init({ schedule, waiting, forward }) {
      schedule(checkEvery, "wallClockTime", (now) => {
        for (const { key: place, value } of waiting.range(null, placeOf(now))) {
          waiting.delete(place);
          forward(new StreamRecord(value.key, value.value as V, value.timestamp));
        }
      });
    },
    process({ key, value, timestamp }, { waiting, metadata, currentSystemTimeMs }) {
      const due = currentSystemTimeMs() + delayMs;
      waiting.put(placeOf(due, metadata?.offset), { key, value, timestamp });
    },
  });
}

/** Sorts by the time when a record is due, and is another one for each record of the partition. */
function placeOf(due: number, offset = Number.MAX_SAFE_INTEGER): string {
  return `${String(due).padStart(16, "0")}/${String(offset).padStart(16, "0")}`;
}
