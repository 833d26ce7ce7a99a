// What an editor offers between the braces of each operator's options: the comment there names what is not given yet.
import {
  calendar,
  double,
  hopping,
  int64AsNumber,
  json,
  session,
  string,
  tumbling,
  untilTimeLimit,
  untilWindowCloses,
} from "millrace";

import { builder, customers, orders, payments, products, type Order } from "./dsl-world.ts";

builder.stream("a", {/* key value name timestampExtractor offsetReset */});
builder.table("b", {/* key value name timestampExtractor offsetReset store */});
builder.table("b", { store: {/* name engine caching historyRetention */} });
builder.globalTable("c", {/* key value name timestampExtractor store */});
builder.build({/* optimize requireExplicitNames storeEngine storeFormat */});

orders.filter((order) => order.total > 1, {/* name */});
orders.map((order) => ({ key: order.id, value: order.total }), {/* key value name */});
orders.mapValues((order) => order.total, {/* value name */});
orders.flatMap((order) => [{ key: order.id, value: order.total }], {/* key value name */});
orders.flatMapValues((order) => [order.id], {/* value name */});
orders.selectKey((order) => order.customer, {/* key name */});
orders.peek(() => {}, {/* name */});
orders.foreach(() => {}, {/* name */});
orders.merge(orders, {/* key value name */});
orders.repartition({/* key value name partitions partitioner */});
orders.toTable({/* key value name store */});
orders.to("d", {/* key value name partitioner */});
orders.process({ process() {} }, {/* name */});
orders.process({ /* stores output outputs state init close */ process() {} });
orders.processValues({ /* stores value state init close */ process() {} });
orders.mapValuesAsync(async (order) => order.total, {
  /* value key input concurrency order timeout retry onGiveUp store name */
});

const grouped = orders.groupByKey({/* key value name */});
orders.groupBy((order) => order.customer, { key: string() /* value name */ });
grouped.count({/* name store */});
grouped.count({ store: {/* name engine headers caching logging historyRetention */} });
grouped.reduce((_, next) => next, {/* name store */});
grouped.aggregate(
  () => 0,
  (sum) => sum,
  { value: double() /* name store */ },
);

const windows = grouped.windowedBy(tumbling("1m", {/* grace */}));
windows.count({/* name store */});
windows.count({ store: {/* name engine headers caching logging retention */} });
grouped.windowedBy(hopping("5m", { advance: "1m" /* grace */ }));
grouped.windowedBy(session("5m", {/* grace */}));
grouped.windowedBy(calendar("day", { timeZone: "UTC" /* grace */ }));
windows.count().suppress(untilWindowCloses({/* records bytes logging */}));
customers.suppress(untilTimeLimit("1s", {/* records bytes logging whenFull */}));

orders.join(payments, (order) => order.id, { within: "1h" /* grace left right store */ });
orders.join(customers, (order) => order.id, {/* key left value grace name */});
orders.leftJoin(products, (order) => order.id, {
  keySelector: (order) => BigInt(order.product) /* value name */,
});
orders.outerJoin(payments, (order) => order?.id ?? null, { within: "1h" /* grace unmatched */ });

customers.filter((customer) => customer.name > "", {/* name store */});
customers.mapValues((customer) => customer.name, {/* name store value */});
customers.transformValues({ transform: () => 1 }, {/* name store value */});
customers.transformValues({ /* stores state init close */ transform: () => 1 });
customers.join(customers, (left) => left.name, {/* name store value foreignKey partitioner */});
customers.groupBy((customer) => ({ key: customer.name, value: 1 }), {
  key: string(),
  value: int64AsNumber() /* name */,
});
orders
  .deduplicate((order) => order.id, { within: "1h", id: string() /* store name */ })
  .mapValues((order) => order, { value: json<Order>() /* name */ });
