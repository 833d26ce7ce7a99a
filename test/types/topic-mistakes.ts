// Mistakes with handles of topics: each with the first line that the compiler prints.
import { json, StreamsBuilder, string, topic, type KafkaClient } from "millrace";

interface Order {
  readonly id: string;
  readonly total: number;
}

const ordersTopic = topic("orders", { key: string(), value: json<Order>() });
const totalsTopic = topic("totals", { key: json<number>(), value: json<number>() });
const orders = new StreamsBuilder().stream(ordersTopic);

//! Argument of type 'Topic<string, number>' is not assignable to parameter of type '"The topic takes values of another type: mapValues first"'.
orders.mapValues((order) => order.id).to(topic("ids", { key: string(), value: json<number>() }));

//! Argument of type 'Topic<number, number>' is not assignable to parameter of type '"The topic takes keys of another type: selectKey first"'.
orders.mapValues((order) => order.total).to(totalsTopic);

//! Property 'value' is missing in type '{ key: Serde<string>; }' but required in type '{ readonly key: Serde<string>; readonly value: Serde<unknown>; }'.
topic("orders", { key: string() });

//! Argument of type '"ids"' is not assignable to parameter of type '"The value's serde was lost above; give it: to(topic, { value: json(Schema) })"'.
orders.mapValues((order) => order.id).to("ids");

//! Type 'Topic<number, number>' is not assignable to type 'Topic<string, Order>'.
new StreamsBuilder().stream([ordersTopic, totalsTopic]);

declare const client: KafkaClient;
//! Type 'Topic<number, number>' is not assignable to type 'string | TopicHandle<string, Order>'.
client.consumer({ topics: [ordersTopic, totalsTopic] });

//! The 'this' context of type 'void' is not assignable to method's 'this' of type '"JSON does not give this type back: a Date, Map, Set, bigint, bytes or function in it is read as something else. Say what JSON has, such as string for a Date, or give a schema that makes it"'.
json<{ readonly at: Date }>();
//! The 'this' context of type 'void' is not assignable to method's 'this' of type '"JSON does not give this type back: a Date, Map, Set, bigint, bytes or function in it is read as something else. Say what JSON has, such as string for a Date, or give a schema that makes it"'.
json<{ readonly lists: readonly { readonly ids: ReadonlySet<string> }[] }>();
//! The 'this' context of type 'void' is not assignable to method's 'this' of type '"JSON does not give this type back: a Date, Map, Set, bigint, bytes or function in it is read as something else. Say what JSON has, such as string for a Date, or give a schema that makes it"'.
json<bigint>();
