import type { KafkaClient, RecordMetadata } from "@millrace/client";
import {
  fromMetrics,
  fromState,
  fromStream,
  fromTable,
  fromTopic,
  toTopic,
  type MetricsSample,
  type ObservedRecord,
  type TopicRecord,
} from "@millrace/rxjs";
import { json, optional, string } from "@millrace/serde";
import {
  StreamsBuilder,
  topic,
  tumbling,
  type StreamsApp,
  type StreamsState,
} from "@millrace/streams";
import type { Windowed } from "millrace";
import { of, type Observable } from "rxjs";
import { expectTypeOf, test } from "vitest";

interface Order {
  readonly total: number;
}

const orders = topic("orders", { key: string(), value: json<Order>() });

/** Never called: what the compiler says is the test. */
function program(app: StreamsApp, client: KafkaClient): void {
  const builder = new StreamsBuilder();
  const stream = builder.stream(orders);
  const lost = stream.map(({ total }, id) => ({ key: total, value: id }));
  const table = builder.table("customers", { key: string(), value: json<{ city: string }>() });
  const counts = stream.groupByKey().windowedBy(tumbling("1m")).count();
  const nullable = builder.stream("nullable", { value: optional(string()) });

  expectTypeOf(fromStream(app, stream)).toEqualTypeOf<Observable<ObservedRecord<string, Order>>>();
  expectTypeOf(fromStream(app, lost)).toEqualTypeOf<Observable<ObservedRecord<number, string>>>();
  expectTypeOf(fromStream(app, nullable)).toEqualTypeOf<
    Observable<ObservedRecord<Uint8Array | null, string | null>>
  >();
  expectTypeOf(fromStream(app, "a-node")).toEqualTypeOf<
    Observable<ObservedRecord<unknown, unknown>>
  >();
  expectTypeOf(fromTable(app, table)).toEqualTypeOf<
    Observable<ObservedRecord<string, { city: string } | null>>
  >();
  expectTypeOf(fromTable(app, counts)).toEqualTypeOf<
    Observable<ObservedRecord<Windowed<string>, number>>
  >();
  expectTypeOf(
    fromStream(app, stream, {
      backPressure: "drop",
      bound: 5,
      project: ({ value }) => [value.total],
    }),
  ).toEqualTypeOf<Observable<number>>();
  expectTypeOf(fromTable(app, table, { project: async ({ value }) => value?.city })).toEqualTypeOf<
    Observable<string | undefined>
  >();

  expectTypeOf(fromTopic(client, orders)).toEqualTypeOf<Observable<TopicRecord<string, Order>>>();
  expectTypeOf(fromTopic(client, "orders")).toEqualTypeOf<
    Observable<TopicRecord<Uint8Array, Uint8Array>>
  >();
  expectTypeOf(fromTopic(client, "orders", { value: json<Order>() })).toEqualTypeOf<
    Observable<TopicRecord<Uint8Array, Order>>
  >();
  expectTypeOf(
    fromTopic(client, orders, { project: ({ value }) => of(value?.total) }),
  ).toEqualTypeOf<Observable<number | undefined>>();

  expectTypeOf(of({ key: "a", value: { total: 1 } }).pipe(toTopic(client, orders))).toEqualTypeOf<
    Observable<RecordMetadata>
  >();
  expectTypeOf(of({ value: "text" }).pipe(toTopic(client, "texts"))).toEqualTypeOf<
    Observable<RecordMetadata>
  >();
  expectTypeOf(fromStream(app, stream).pipe(toTopic(client, orders))).toEqualTypeOf<
    Observable<RecordMetadata>
  >();
  expectTypeOf(fromState(app)).toEqualTypeOf<Observable<StreamsState>>();
  expectTypeOf(fromMetrics(app)).toEqualTypeOf<Observable<MetricsSample>>();

  // @ts-expect-error -- a table is observed with fromTable
  fromStream(app, table);
  // @ts-expect-error -- a stream is observed with fromStream
  fromTable(app, stream);
  // @ts-expect-error -- no policy is called that
  fromStream(app, stream, { backPressure: "wait" });
  // @ts-expect-error -- a number cannot be waited for
  fromStream(app, stream, { project: ({ value }) => value.total });
  // @ts-expect-error -- a consumer's topics are the first argument
  fromTopic(client, orders, { topics: ["orders"] });
  // @ts-expect-error -- an order has a total
  of({ key: "a", value: { sum: 1 } }).pipe(toTopic(client, orders));
  // @ts-expect-error -- what is written by itself is part of no transaction
  toTopic(client, orders, { transactionalId: "a" });
}

test("records of streams, tables and topics are typed by their handles, and what cannot be does not compile", () => {
  expectTypeOf(program).toBeFunction();
});
