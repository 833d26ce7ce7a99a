import type { ConsumerOptions, ConsumerRecord, KafkaClient, TopicHandle } from "@millrace/client";
import { readOptions } from "@millrace/model";
import {
  asyncScheduler,
  defer,
  Observable,
  takeUntil,
  type ObservableInput,
  type ObservedValueOf,
  type SchedulerLike,
  type Subscriber,
} from "rxjs";

import { Delivery, sliceMs, type DeliveryOptions } from "./delivery.ts";
import type { Project } from "./from-stream.ts";
import { handOver, type AnyProject } from "./hand-over.ts";
import { topicOptionTable, type TopicPaceOptions } from "./topic-options.ts";
import type { Counted } from "./waiting-records.ts";
import { whenAborted } from "./when-aborted.ts";

/** How a topic is consumed, and what becomes of records that come while a subscriber is at work. */
export interface FromTopicOptions<Key, Value>
  extends Omit<ConsumerOptions<Key, Value>, "topics">, TopicPaceOptions {}

/** A record of a topic. */
export interface TopicRecord<Key, Value> extends ConsumerRecord<Key, Value> {
  /** How many records were left out for this subscriber directly before it, by `drop` or `sample`. */
  readonly missed: number;
}

/**
 * The records of a topic: cold, with a consumer for each subscription, which is closed with it. Never completes by itself;
 * errors with what ends the consumer. With `block`, the default, the next record is asked for once the subscriber has
 * done its work, and with a group a record counts as processed then; with others when it was read.
 *
 * @param topic its name, or a handle that brings its serdes
 * @throws (as an error of the Observable) what a consumer throws; ObservableError `SUBSCRIBER_TOO_SLOW`; OptionError (of
 *   options that are a consumer's with the subscription, of others at once)
 * @example
 * fromTopic(client, orders, { autoOffsetReset: "earliest" })
 *   .pipe(filter(({ value }) => value !== null && value.total > 100))
 *   .subscribe(({ key, value }) => console.log(key, value));
 *
 * @example Work that is committed with its group once it is done
 * fromTopic(client, orders, { groupId: "billing", project: ({ value }) => bill(value) }).subscribe();
 */
export function fromTopic<Key, Value, Input extends ObservableInput<unknown>>(
  client: Pick<KafkaClient, "consumer">,
  topic: string | TopicHandle<Key, Value>,
  options: FromTopicOptions<Key, Value> & {
    readonly project: Project<TopicRecord<Key, Value>, Input>;
  },
): Observable<ObservedValueOf<Input>>;
export function fromTopic<Key = Uint8Array, Value = Uint8Array>(
  client: Pick<KafkaClient, "consumer">,
  topic: string | TopicHandle<Key, Value>,
  options?: FromTopicOptions<Key, Value> & { readonly project?: undefined },
): Observable<TopicRecord<Key, Value>>;
export function fromTopic(
  client: Pick<KafkaClient, "consumer">,
  topic: string | TopicHandle<unknown, unknown>,
  options: FromTopicOptions<unknown, unknown> & { readonly project?: AnyProject } = {},
): Observable<unknown> {
  const { backPressure, bound, project, signal, scheduler, ...consuming } = options;
  const pace = readOptions(topicOptionTable, { backPressure, bound, project, signal, scheduler });
  const { name, ...serdes } = typeof topic === "string" ? { name: topic } : topic;
  return new Observable((subscriber) => {
    const consumer = client.consumer<unknown, unknown>({ ...serdes, ...consuming, topics: [name] });
    subscriber.add(() => void consumer.close()); // its client waits for it where that is closed
    void new TopicReading(subscriber, pace).run(consumer);
  }).pipe(takeUntil(defer(() => whenAborted(pace.signal))));
}

type Pace = DeliveryOptions & { readonly scheduler?: SchedulerLike | undefined };
type AnyRecord = ConsumerRecord<unknown, unknown>;

/** Reads for one subscriber. */
class TopicReading {
  readonly #subscriber: Subscriber<unknown>;
  readonly #pace: Pace;
  readonly #scheduler: SchedulerLike;
  readonly #delivery: Delivery<AnyRecord & Counted>;
  #index = 0;
  /** When other work of the process has its turn. */
  #turnMs = 0;

  constructor(subscriber: Subscriber<unknown>, pace: Pace) {
    this.#subscriber = subscriber;
    this.#pace = pace;
    this.#scheduler = pace.scheduler ?? asyncScheduler;
    this.#delivery = new Delivery(subscriber, pace, { dropped: () => {}, roomMade: () => {} });
  }

  async run(records: AsyncIterable<AnyRecord>): Promise<void> {
    try {
      for await (const record of records) {
        if (this.#subscriber.closed) return;
        if (this.#pace.backPressure === "block") await this.#hand(record);
        else this.#put(record);
        await this.#giveWay();
        if (this.#subscriber.closed) return; // to ask for the next one would count this one as processed
      }
      this.#delivery.end(undefined);
    } catch (error) {
      this.#delivery.end({ error });
    }
  }

  #put(record: AnyRecord): void {
    const delivery = this.#delivery;
    if (delivery.makeRoom()) delivery.put({ ...record, missed: 0 });
    delivery.settle();
  }

  /** The work is over when it is complete, has failed, or nobody waits for it any more. */
  async #hand(record: AnyRecord): Promise<void> {
    const { project } = this.#pace;
    const work = handOver(this.#subscriber, { ...record, missed: 0 }, this.#index++, project);
    if (work !== undefined) await new Promise<void>((resolve) => work.add(resolve));
  }

  /** Records that were fetched come without a turn of the event loop in between. */
  async #giveWay(): Promise<void> {
    const nowMs = this.#scheduler.now();
    if (nowMs < this.#turnMs) return;
    await new Promise<void>((resolve) => this.#scheduler.schedule(() => resolve()));
    this.#turnMs = this.#scheduler.now() + sliceMs;
  }
}
