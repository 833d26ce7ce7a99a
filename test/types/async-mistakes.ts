// Mistakes with operators that await, with the line that the compiler prints for each: see `mistakes.ts`.
import { json, StreamsBuilder, string } from "millrace";

interface Order {
  readonly id: string;
  readonly total: number;
}

declare function ask(id: unknown): Promise<string>;
const builder = new StreamsBuilder();
const orders = builder.stream("orders", { key: string(), value: json<Order>() });

//! Type 'string' is not assignable to type 'PromiseLike<unknown>'.
orders.mapValuesAsync((order) => order.id);

//! Property 'then' is missing in type 'string[]' but required in type 'PromiseLike<Iterable<unknown>>'.
orders.flatMapValuesAsync((order) => [order.id]);

//! Type 'Promise<number>' is not assignable to type 'PromiseLike<Iterable<unknown>>'.
orders.flatMapValuesAsync(async (order) => order.total);

//! Type 'Promise<string>' is not assignable to type 'PromiseLike<"flatMapValuesAsync takes a string for one value: its callback must give a list, such as [text]">'.
orders.flatMapValuesAsync(async (order) => order.id);

//! Type 'void' is not assignable to type 'PromiseLike<unknown>'.
orders.foreachAsync((order) => console.log(order));

//! Argument of type '() => Promise<void>' is not assignable to parameter of type 'AsyncMapper<string, Order, "mapValuesAsync takes no undefined: its callback must give a value, or null where there is none">'.
orders.mapValuesAsync(async () => {});

//! Argument of type '(id: unknown) => Promise<string>' is not assignable to parameter of type '"The serde of the values that come in was lost above; give it: mapValuesAsync(mapper, { input: json(Schema) })"'.
orders.mapValues((order) => order.id).mapValuesAsync(ask);

//! Argument of type '(id: unknown) => Promise<string>' is not assignable to parameter of type '"The serde of the values that come in was lost above; give it: foreachAsync(action, { input: json(Schema) })"'.
orders.mapValues((order) => order.id).foreachAsync(ask, { concurrency: 3 });

//! Argument of type '(id: unknown) => Promise<string>' is not assignable to parameter of type '"The key's serde was lost above; give it: flatMapValuesAsync(mapper, { key: string() })"'.
orders.selectKey((order) => order.id).flatMapValuesAsync(ask);

//! Argument of type '(id: unknown) => Promise<string>' is not assignable to parameter of type '"Both serdes were lost above; give them: mapValuesAsync(mapper, { key: string(), input: json(Schema) })"'.
orders.map(({ id }) => ({ key: id, value: id })).mapValuesAsync(ask);

//! Type '"keys"' is not assignable to type 'CallOrder | undefined'. Did you mean '"key"'?
orders.mapValuesAsync(async (order) => order.id, { order: "keys" });

//! Object literal may only specify known properties, and 'retries' does not exist in type 'AsyncOptions<string, Order, unknown>'.
orders.mapValuesAsync(async (order) => order.id, { retries: 5 });

//! Property 'attempts' is missing in type '{ backoff: "1s"; }' but required in type 'RetryOptions'.
orders.mapValuesAsync(async (order) => order.id, { retry: { backoff: "1s" } });

//! Type '"skip"' is not assignable to type 'GiveUpPolicy<string, Order, unknown> | undefined'.
orders.mapValuesAsync(async (order) => order.id, { onGiveUp: "skip" });

//! Type 'number' is not assignable to type 'string'.
orders.mapValuesAsync(async (order) => order.id, { onGiveUp: { value: () => 1 } });

//! Type '{ value: () => number; }' is not assignable to type '"continue" | "deadLetter" | "fail" | undefined'.
orders.foreachAsync(async () => {}, { onGiveUp: { value: () => 1 } });

//! Type 'Serde<Order>' is not assignable to type 'Serde<string>'.
orders.mapValuesAsync(async (order) => order.id, { value: json<Order>() });
