// Versioned tables as users write them, without an annotation but serdes.
import {
  double,
  json,
  StreamsBuilder,
  string,
  type KStream,
  type KTable,
  type VersionedRecord,
} from "millrace";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function check<_T extends true>(): void;

interface Order {
  readonly total: number;
}
const builder = new StreamsBuilder();
const orders = builder.stream("orders", { key: string(), value: json<Order>() });
const rates = builder.table("rates", {
  key: string(),
  value: double(),
  store: { name: "rates", historyRetention: "7d" },
});
check<Equal<typeof rates, KTable<string, number | null, "known", "known", "versioned">>>();

const inEuro = orders.join(rates, (order, rate) => order.total * rate, { grace: "10m" });
check<Equal<typeof inEuro, KStream<string, number, "known", "lost">>>();

// Of a table without a store of its own the build says whether it has versions.
orders.leftJoin(
  rates.filter((rate) => rate > 0),
  (order, rate) => order.total * (rate ?? 1),
  { grace: "10m", value: double() },
);

const counts = orders.groupByKey().count({ store: { name: "counts", historyRetention: "1d" } });
check<Equal<typeof counts, KTable<string, number, "known", "known", "versioned">>>();
const recent = orders.groupByKey().count({ store: { name: "recent", entriesMax: 100 } });
check<Equal<typeof recent, KTable<string, number, "known", "known", "keyValue">>>();

orders.process({
  stores: { rates },
  process(record, { rates: known }) {
    const rate = known.get(record.key, record.timestamp);
    check<Equal<typeof rate, VersionedRecord<number> | null>>();
    const all = known.history(record.key);
    check<Equal<typeof all, readonly VersionedRecord<number>[]>>();
  },
});
