import { int64AsNumber, type Serde } from "@millrace/serde";
import {
  countWindows,
  session,
  sliding,
  type StreamsBuilder,
  tumbling,
  untilTimeLimit,
  untilWindowCloses,
  type KStream,
  type KTable,
} from "@millrace/streams";

/** What a program of one operator is made of. */
export interface Inputs {
  readonly builder: StreamsBuilder;
  /** Topics and stores are called that, so that many programs may be one. */
  readonly named: (name: string) => string;
  readonly key: Serde<string>;
  readonly value: Serde<string>;
}
type Text = KStream<string, string, "known", "known">;
type Rows = KTable<string, string, "known", "known">;

const streamOf = ({ builder, named, key, value }: Inputs, topic = "in"): Text =>
  builder.stream(named(topic), { key, value });
const tableOf = ({ builder, named, key, value }: Inputs, topic = "in", store?: object): Rows =>
  builder.table(named(topic), { key, value, ...(store && { store }) }) as Rows;
const serdesOf = ({ key, value }: Inputs) => ({ key, value });
const pair = (left: string | null, right: string | null): string => `${left} ${right}`;
const rowsOf = ({ named }: Inputs) => ({ name: named("rows"), ttl: 10 });
const within = 5;

/** One for each operator that has a serde: reads `in`, and `other`; most write to `out`. */
export const operatorPrograms: Readonly<Record<string, (inputs: Inputs) => unknown>> = {
  "a mapped stream": (given) =>
    streamOf(given)
      .mapValues((value) => value, { value: given.value })
      .to(given.named("out")),
  "a repartitioned stream": (given) => streamOf(given).repartition().to(given.named("out")),
  "a table": (given) =>
    tableOf(given, "in", { name: given.named("kept") })
      .toStream()
      .to(given.named("out")),
  "a stream made a table": (given) => streamOf(given).toTable().toStream().to(given.named("out")),
  "a table whose rows expire": (given) =>
    tableOf(given, "in", rowsOf(given)).toStream().to(given.named("out")),
  "an aggregate whose rows expire": (given) =>
    streamOf(given)
      .groupBy((value) => value, serdesOf(given))
      .reduce((_, next) => next, { store: rowsOf(given) })
      .toStream()
      .to(given.named("out")),
  "a table that is filtered and mapped into stores": (given) =>
    tableOf(given)
      .filter(() => true, { store: given.named("kept") })
      .mapValues((value) => value, { value: given.value, store: given.named("mapped") }),
  "a cogroup": (given) =>
    streamOf(given)
      .groupByKey()
      .cogroup((_, next): string => next, { value: given.value })
      .aggregate(() => ""),
  "windows that tell once": (given) =>
    streamOf(given)
      .groupByKey()
      .windowedBy(tumbling(5, { grace: 0 }))
      .emitStrategy("onWindowClose")
      .reduce((_, next) => next)
      .toStream()
      .to(given.named("out")),
  "sliding windows": (given) =>
    streamOf(given)
      .groupByKey()
      .windowedBy(sliding(5, { grace: 0 }))
      .reduce((_, next) => next),
  "sessions behind a suppression": (given) =>
    streamOf(given)
      .groupByKey()
      .windowedBy(session(5, { grace: 0 }))
      .reduce((_, next) => next)
      .suppress(untilWindowCloses())
      .toStream()
      .to(given.named("out")),
  "windows of a count": (given) =>
    streamOf(given)
      .groupByKey()
      .windowedBy(countWindows(2))
      .reduce((_, next) => next)
      .toStream()
      .to(given.named("out")),
  "a table behind a time limit": (given) =>
    tableOf(given)
      .suppress(untilTimeLimit(5, { records: 1 }))
      .toStream()
      .to(given.named("out")),
  "a stream without its doubles": (given) =>
    streamOf(given)
      .deduplicate((value) => value, { within: 10, id: given.key, store: given.named("ids") })
      .to(given.named("out")),
  "a join of streams": (given) =>
    streamOf(given)
      .outerJoin(streamOf(given, "other"), pair, { within, left: given.value, right: given.value })
      .to(given.named("out"), serdesOf(given)),
  "a join of a stream with itself": (given) => {
    const stream = streamOf(given);
    stream.join(stream, pair, { within }).to(given.named("out"), serdesOf(given));
  },
  "a join of a stream and a table": (given) =>
    streamOf(given).leftJoin(tableOf(given, "other"), pair).to(given.named("out"), serdesOf(given)),
  "a join that waits for late rows": (given) =>
    streamOf(given)
      .leftJoin(
        given.builder.table(given.named("other"), {
          ...serdesOf(given),
          store: { name: given.named("old"), historyRetention: 100 },
        }),
        pair,
        { grace: 5 },
      )
      .to(given.named("out"), serdesOf(given)),
  "a join with a global table": (given) =>
    streamOf(given)
      .leftJoin(given.builder.globalTable(given.named("other"), serdesOf(given)), pair, {
        keySelector: (value) => value,
      })
      .to(given.named("out"), serdesOf(given)),
  "a join with the value of its time": (given) =>
    streamOf(given)
      .asOfJoin(streamOf(given, "other"), pair, {
        tolerance: 10,
        grace: 1,
        store: given.named("kept"),
      })
      .to(given.named("out"), serdesOf(given)),
  "a join of tables": (given) =>
    tableOf(given)
      .outerJoin(tableOf(given, "other"), pair, {
        value: given.value,
        store: given.named("joined"),
      })
      .toStream()
      .to(given.named("out")),
  "a join by foreign key": (given) =>
    tableOf(given)
      .leftJoin(tableOf(given, "other"), pair, { value: given.value, foreignKey: (value) => value })
      .toStream()
      .to(given.named("out"), serdesOf(given)),
  "a table that is grouped": (given) =>
    tableOf(given)
      .groupBy((value, key) => ({ key: value, value: key }), serdesOf(given))
      .reduce({ adder: (_, next) => next, subtractor: (all) => all })
      .toStream()
      .to(given.named("out")),
  "the greatest of a stream": (given) =>
    streamOf(given)
      .groupByKey()
      .topN(2, (value) => value.length),
  "the greatest of a table": (given) =>
    tableOf(given)
      .groupBy((value) => ({ key: value, value }), serdesOf(given))
      .topN(1, (value) => value.length),
  "the greatest of a table, which expire": (given) =>
    tableOf(given)
      .groupBy((value) => ({ key: value, value }), serdesOf(given))
      .topN(1, (value) => value.length, { store: { ...rowsOf(given), ttl: 5 } }),
  "values that are awaited": (given) =>
    streamOf(given)
      .mapValues((value) => `${value}!`, { value: given.value })
      .mapValuesAsync(async (value) => value, { ...serdesOf(given), input: given.value })
      .to(given.named("out")),
  "lists of values that are awaited": (given) =>
    streamOf(given)
      .selectKey((value) => value, { key: given.key })
      .flatMapValuesAsync(async (value) => [value], { value: given.value })
      .to(given.named("out")),
  "actions that are awaited": (given) =>
    streamOf(given)
      .map((value, key) => ({ key, value }), serdesOf(given))
      .foreachAsync(async () => {}),
  counts: (given) =>
    streamOf(given)
      .groupBy((value) => value, serdesOf(given))
      .count()
      .toStream()
      .to(given.named("out"), { value: int64AsNumber() }),
};
