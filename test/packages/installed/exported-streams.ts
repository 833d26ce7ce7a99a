// A user's module that exports what the DSL makes: its declarations must name nothing but `millrace`.
import {
  connect,
  double,
  EmbeddedCluster,
  json,
  StreamsApp,
  StreamsBuilder,
  string,
} from "millrace";

export interface Order {
  readonly customer: string;
  readonly total: number;
}

export const builder = new StreamsBuilder();
export const orderSerde = json<Order>();
export const orders = builder.stream("orders", { key: string(), value: orderSerde });
export const large = orders.filter((order) => order.total > 100);
export const totals = orders.mapValues((order) => order.total);
export const pairs = orders.map((order) => ({ key: order.customer, value: order.total }));
export const both = totals.merge(pairs);
export const grouped = orders.groupBy((order) => order.customer, { key: string() });
export const counts = grouped.count({ store: "counts" });
export const sums = grouped.aggregate(
  () => 0,
  (sum, order) => sum + order.total,
  { value: double() },
);
export const changes = sums.toStream();
export const customers = builder.table("customers", { key: string(), store: "customers" });
export const topology = builder.build({ optimize: "all" });
export const description = topology.describe();
export const nodes = topology.nodes;
export const subtopologies = topology.subtopologies("app");
export const storeNameOf = (table = counts) => table.storeName;

export const openCluster = () => EmbeddedCluster.start({ data: "./data" });
export const start = () => StreamsApp.start(topology, { applicationId: "app", cluster: "a:9092" });
export const client = () => connect({ bootstrapServers: "a:9092" });
