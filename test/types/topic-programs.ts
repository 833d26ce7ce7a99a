// Handles of topics as users write them, without an annotation but serdes: each type that is inferred is asserted.
import {
  bytes,
  type Serde,
  json,
  optional,
  StreamsBuilder,
  string,
  topic,
  type Consumer,
  type GlobalKTable,
  type KafkaClient,
  type KStream,
  type KTable,
} from "millrace";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function check<_T extends true>(): void;

interface Order {
  readonly customer: string;
  readonly total: number;
}

const ordersTopic = topic("orders", { key: string(), value: json<Order>() });
const oldOrders = topic("old-orders", { key: string(), value: json<Order>() });
const totalsTopic = topic("totals", { key: string(), value: json<number>() });
const builder = new StreamsBuilder();

export function sourcesHaveTheTypesOfTheirTopics() {
  const orders = builder.stream(ordersTopic);
  check<Equal<typeof orders, KStream<string, Order, "known", "known">>>();
  const both = builder.stream([ordersTopic, oldOrders]);
  check<Equal<typeof both, KStream<string, Order, "known", "known">>>();
  const table = builder.table(ordersTopic, { store: "orders" });
  check<Equal<typeof table, KTable<string, Order | null, "known", "known", "keyValue">>>();
  const everywhere = builder.globalTable(ordersTopic);
  check<Equal<typeof everywhere, GlobalKTable<string, Order | null>>>();
}

export function nothingIsLostAtASink() {
  const orders = builder.stream(ordersTopic);
  orders.mapValues((order) => order.total).to(totalsTopic);
  orders.mapValues((order): number | null => order.total).to(totalsTopic, { name: "write" });
  orders.to((order, key, { timestamp }) => `${order.customer}${key}${timestamp}`);
  const loose = builder.stream("loose", { key: string(), value: optional(json<number>()) });
  loose.to(totalsTopic);
}

export function consumersHaveTheTypesOfTheirTopics(client: KafkaClient) {
  const consumer = client.consumer({ topics: [ordersTopic, oldOrders], groupId: "billing" });
  check<Equal<typeof consumer, Consumer<string, Order>>>();
  const named = client.consumer({ topics: ["orders"], key: string(), value: json<Order>() });
  check<Equal<typeof named, Consumer<string, Order>>>();
  const raw = client.consumer({ topics: ["orders"] });
  check<Equal<typeof raw, Consumer>>();
}

// Bytes of whatever buffer are written.
const copies = topic("copies", { key: string(), value: bytes() });
const someBytes = new StreamsBuilder().stream("in", { key: string(), value: bytes() });
const arrays = someBytes.mapValues(() => new Uint8Array(1));
const anyArrays = someBytes.mapValues((): Uint8Array => new Uint8Array(1));
arrays.to(copies);
anyArrays.to(copies);
arrays.to("out", { value: bytes() });
anyArrays.to("out", { value: bytes() });
arrays.groupByKey({ key: string(), value: bytes() });
anyArrays.groupByKey({ key: string(), value: bytes() });
const ownBytes: Serde<Uint8Array<ArrayBuffer>> = bytes();
arrays.to("out", { value: ownBytes });

// What JSON gives back, however deep, and what nobody knows anything of.
interface Tree {
  readonly name: string;
  readonly at?: string | undefined;
  readonly children: readonly Tree[];
}
type Id = string & { readonly brand: "id" };
json<Tree>();
json<readonly [Id, number | null]>();
json<Record<string, { readonly kind: "a"; readonly n: 1 } | { readonly kind: "b" }>>();
json<unknown>();
json<{ readonly whatever: unknown }>();
