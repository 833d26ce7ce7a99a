import { readOptions } from "@millrace/model";
import type {
  AnyStream,
  AnyTable,
  KeyOf,
  OpenTap,
  RecordTap,
  StreamRecord,
  StreamsApp,
  ValueOf,
} from "@millrace/streams";
import {
  defer,
  Observable,
  takeUntil,
  type ObservableInput,
  type ObservedValueOf,
  type Subscriber,
} from "rxjs";

import { Delivery } from "./delivery.ts";
import { streamOptionTable, type ObserveOptions } from "./observe-options.ts";
import { TakenRecord, type ObservedRecord } from "./observed-record.ts";
import { whenAborted } from "./when-aborted.ts";

/** What of an application is needed to observe its streams. */
export type ObservedApp = Pick<StreamsApp, "tap">;

/** What is done for each record: the next one comes once what it gives is complete. */
export type Project<Item, Input extends ObservableInput<unknown>> = (
  record: Item,
  index: number,
) => Input;

/**
 * The records of a stream that the tasks of this process pass on, from the subscription on: hot, with a buffer for
 * each subscriber. Completes when the application is closed, errors with what ended it, and goes on through rebalances; a
 * subscriber that leaves takes its buffer along. `backPressure` says what becomes of records that come while a subscriber
 * is at work: it never slows the application, unless it is `block`.
 *
 * Under exactly-once a record comes once its transaction is committed, and those of an aborted one never do; `view:
 * "processed"` does not wait for it.
 *
 * @param stream a stream of the program, or the name of a node
 * @throws (as an error of the Observable) ObservableError `SUBSCRIBER_TOO_SLOW`; TopologyError `FOREIGN_STREAM`,
 *   `UNKNOWN_PROCESSOR`; OptionError (at once)
 * @example
 * const big = builder.stream(orders).filter((order) => order.total > 100);
 * const app = await StreamsApp.start(builder.build(), { applicationId: "orders", cluster });
 * fromStream(app, big).pipe(bufferTime(1000)).subscribe((last) => console.log(last.length));
 *
 * @example Only as fast as the work on each record, and the latest one each time
 * fromStream(app, big, { backPressure: "sample", project: ({ value }) => show(value) }).subscribe();
 */
export function fromStream<
  Stream extends AnyStream | string,
  Input extends ObservableInput<unknown>,
>(
  app: ObservedApp,
  stream: Stream,
  options: ObserveOptions & { readonly project: Project<ObservedOf<Stream>, Input> },
): Observable<ObservedValueOf<Input>>;
export function fromStream<Stream extends AnyStream | string>(
  app: ObservedApp,
  stream: Stream,
  options?: ObserveOptions & { readonly project?: undefined },
): Observable<ObservedOf<Stream>>;
export function fromStream(
  app: ObservedApp,
  stream: AnyStream | string,
  options: object = {},
): Observable<unknown> {
  return observed(app, stream, options);
}

/**
 * The changes of a table that the tasks of this process make, from the subscription on: each new value of a key, null where it was deleted, as `toStream`
 * gives them, so that a cache leaves out what was overwritten before a commit. What the table held before is not among
 * them, nor what other instances make: `fromStore` gives both. Otherwise as `fromStream`.
 *
 * @example
 * const counts = builder.stream(lines).groupBy((line) => line).count({ store: "counts" });
 * fromTable(app, counts).subscribe(({ key, value }) => shown.set(key, value));
 */
export function fromTable<Table extends AnyTable, Input extends ObservableInput<unknown>>(
  app: ObservedApp,
  table: Table,
  options: ObserveOptions & { readonly project: Project<ObservedOf<Table>, Input> },
): Observable<ObservedValueOf<Input>>;
export function fromTable<Table extends AnyTable>(
  app: ObservedApp,
  table: Table,
  options?: ObserveOptions & { readonly project?: undefined },
): Observable<ObservedOf<Table>>;
export function fromTable(
  app: ObservedApp,
  table: AnyTable,
  options: object = {},
): Observable<unknown> {
  return observed(app, table, options);
}

/** The record of a stream or a table; of a node that is named, nothing is known. */
export type ObservedOf<Place> = Place extends string
  ? ObservedRecord<unknown, unknown>
  : ObservedRecord<KeyOf<Place>, ValueOf<Place>>;

function observed(
  app: ObservedApp,
  place: AnyStream | AnyTable | string,
  options: object,
): Observable<unknown> {
  const settings = readOptions(streamOptionTable, options);
  return new Observable((subscriber) => {
    const tap = new SubscriberTap(subscriber, settings);
    const open = app.tap(place, tap);
    tap.opened(open, settings.view);
    subscriber.add(() => open[Symbol.dispose]());
  }).pipe(takeUntil(defer(() => whenAborted(settings.signal))));
}

/** Listens for one subscriber. */
class SubscriberTap implements RecordTap {
  readonly #delivery: Delivery<TakenRecord>;
  #open: OpenTap | undefined;
  /** True: a record is ready before its commit. */
  #isImpatient = false;

  constructor(subscriber: Subscriber<unknown>, options: ConstructorParameters<typeof Delivery>[1]) {
    this.#delivery = new Delivery(subscriber, options, {
      dropped: (count) => this.#open?.dropped.add(count),
      roomMade: () => this.#open?.roomMade(),
    });
  }

  /** Before the first record. */
  opened(open: OpenTap, view: ObserveOptions["view"]): void {
    this.#open = open;
    this.#isImpatient = (view ?? (open.isExactlyOnce ? "committed" : "processed")) === "processed";
  }

  take(record: StreamRecord, context: Parameters<RecordTap["take"]>[1]): void {
    const delivery = this.#delivery;
    if (delivery.makeRoom()) delivery.put(new TakenRecord(record, context));
    if (this.#isImpatient) delivery.settle();
  }

  committed(): void {
    this.#delivery.settle();
  }

  discarded(): void {
    this.#delivery.discard();
  }

  get hasRoom(): boolean {
    return this.#delivery.hasRoom;
  }

  get awaitsCommit(): boolean {
    return this.#delivery.hasPending;
  }

  ended(failure: { readonly error: unknown } | undefined): void {
    this.#delivery.end(failure);
  }
}
