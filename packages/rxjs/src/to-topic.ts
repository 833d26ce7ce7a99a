import type {
  KafkaClient,
  PlainField,
  Producer,
  ProducerOptions,
  ProducerRecord,
  RecordMetadata,
  TopicHandle,
} from "@millrace/client";
import { readOptions } from "@millrace/model";
import {
  from,
  Observable,
  takeUntil,
  takeWhile,
  type ObservableInput,
  type OperatorFunction,
  type Subscriber,
} from "rxjs";

import { ObservableError } from "./observable-error.ts";
import { sinkOptionTable, type SinkPaceOptions } from "./sink-options.ts";
import { whenAborted } from "./when-aborted.ts";

/** What an Observable gives to be written: a record without its topic. */
export type TopicMessage<Key, Value> = Omit<ProducerRecord<Key, Value>, "topic">;

/** How records are sent. */
export interface ToTopicOptions<Key, Value>
  extends
    Omit<ProducerOptions<Key, Value>, "transactionalId" | "transactionTimeout">,
    SinkPaceOptions {}

/**
 * Writes an Observable to a topic; gives, in the order of the source, where each record was written, once all replicas in
 * sync have it. Completes once the source has and all is acknowledged; where the source errors, that is told once what
 * came before is acknowledged. A record that is refused ends it. Each subscription has a producer of its own; who
 * unsubscribes leaves what was sent to be written.
 *
 * @param topic its name, or a handle that brings its serdes
 * @throws (as an error of the Observable) what `Producer.send` rejects with; ObservableError `SOURCE_TOO_FAST`
 * @example
 * fromEvent(sensor, "reading")
 *   .pipe(
 *     map((reading) => ({ key: reading.sensor, value: reading })),
 *     toTopic(client, readings),
 *   )
 *   .subscribe({ error: (error) => console.error(error) });
 */
export function toTopic<Key = PlainField, Value = PlainField>(
  client: Pick<KafkaClient, "producer">,
  topic: string | TopicHandle<Key, Value>,
  options: ToTopicOptions<Key, Value> = {},
): OperatorFunction<TopicMessage<Key, Value>, RecordMetadata> {
  const { bound: givenBound, signal: givenSignal, ...producing } = options;
  const { bound, signal } = readOptions(sinkOptionTable, {
    bound: givenBound,
    signal: givenSignal,
  });
  const { name, ...serdes } = typeof topic === "string" ? { name: topic } : topic;
  return (source: ObservableInput<TopicMessage<Key, Value>>) =>
    new Observable((subscriber) => {
      const producer = client.producer<Key, Value>({ ...serdes, ...producing });
      subscriber.add(() => void producer.close()); // its client waits for it where that is closed
      const sink = new TopicSink(subscriber, producer, { topic: name, bound });
      // A source that gives all at once ends with its subscriber, too.
      const taken = from(source).pipe(
        takeUntil(whenAborted(signal)),
        takeWhile(() => !subscriber.closed),
      );
      const taking = taken.subscribe({
        next: (message) => sink.send(message),
        error: (error: unknown) => sink.end({ error }),
        complete: () => sink.end(undefined),
      });
      subscriber.add(taking);
    });
}

interface SinkTarget {
  readonly topic: string;
  /** Records that may be on their way. */
  readonly bound: number;
}

/** Sends for one subscriber. */
class TopicSink<Key, Value> {
  readonly #subscriber: Subscriber<RecordMetadata>;
  readonly #producer: Producer<Key, Value>;
  readonly #target: SinkTarget;
  /** Not acknowledged, or not told. */
  readonly #sent: Promise<RecordMetadata>[] = [];
  #isTelling = false;
  #end: { readonly failure: { readonly error: unknown } | undefined } | undefined;

  constructor(
    subscriber: Subscriber<RecordMetadata>,
    producer: Producer<Key, Value>,
    target: SinkTarget,
  ) {
    this.#subscriber = subscriber;
    this.#producer = producer;
    this.#target = target;
  }

  send({ key, value, headers, partition, timestamp }: TopicMessage<Key, Value>): void {
    const { topic, bound } = this.#target;
    if (this.#sent.length >= bound) return this.#subscriber.error(tooFast(topic, bound));
    const sent = this.#producer.send({
      topic,
      value,
      ...(key !== undefined && { key }),
      ...(headers !== undefined && { headers }),
      ...(partition !== undefined && { partition }),
      ...(timestamp !== undefined && { timestamp }),
    });
    sent.catch(() => {}); // told in its turn
    this.#sent.push(sent);
    void this.#tell();
  }

  end(failure: { readonly error: unknown } | undefined): void {
    this.#end ??= { failure };
    void this.#tell();
  }

  /** What was sent, in order, and then the end. */
  async #tell(): Promise<void> {
    if (this.#isTelling) return;
    this.#isTelling = true;
    const subscriber = this.#subscriber;
    try {
      while (this.#sent.length > 0 && !subscriber.closed) {
        const metadata = await this.#sent[0];
        this.#sent.shift();
        subscriber.next(metadata);
      }
      if (this.#end?.failure !== undefined) subscriber.error(this.#end.failure.error);
      else if (this.#end !== undefined) subscriber.complete();
    } catch (error) {
      subscriber.error(error);
    }
    this.#isTelling = false;
  }
}

function tooFast(topic: string, bound: number): ObservableError {
  return new ObservableError(
    "SOURCE_TOO_FAST",
    `${bound} records for ${topic} are on their way and not acknowledged, and the source gave another one: raise bound, or slow the source down, with throttleTime, sampleTime or the like`,
  );
}
