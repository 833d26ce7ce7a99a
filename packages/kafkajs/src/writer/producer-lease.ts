import type {
  Kafka,
  Message,
  Producer,
  ProducerConfig,
  RecordMetadata,
  Transaction,
} from "kafkajs";

const retryMsMax = 1000;
const retryMsMin = 100;

export interface ProducerLeaseOptions {
  readonly kafka: Kafka;
  readonly config: Pick<ProducerConfig, "transactionalId" | "transactionTimeout">;
  readonly deliveryTimeoutMs: number;
}

/** Ends kafkajs's retries: nothing may be written once its writer has given up. */
class GivenUpError extends Error {
  readonly retriable = false;
}

/**
 * One producer of kafkajs, idempotent: after a failure of which nobody knows whether records were written it is never
 * used again, since its sequence numbers would begin anew where the broker may have gone on, and the broker would take
 * other records for those it has.
 *
 * kafkajs retries by itself, with the same sequence numbers; it asks its partitioner at each attempt, which is how these
 * retries are ended.
 */
export class ProducerLease {
  readonly #producer: Producer;
  #isGivenUp = false;
  #connecting: Promise<void> | undefined;
  #sending: Promise<unknown> = Promise.resolve();

  constructor({ kafka, config, deliveryTimeoutMs }: ProducerLeaseOptions) {
    this.#producer = kafka.producer({
      ...config,
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      retry: {
        initialRetryTime: retryMsMin,
        maxRetryTime: retryMsMax,
        retries: Math.max(1, Math.ceil(deliveryTimeoutMs / retryMsMax)),
      },
      createPartitioner:
        () =>
        ({ message: { partition = 0 } }) => {
          if (this.#isGivenUp) throw new GivenUpError("the writer has given up");
          return partition;
        },
    });
  }

  connect(): Promise<void> {
    this.#connecting ??= this.#producer.connect().catch((error: unknown) => {
      this.#connecting = undefined;
      throw error;
    });
    return this.#connecting;
  }

  begin(): Promise<Transaction> {
    return this.#producer.transaction();
  }

  async send(
    to: Pick<Producer, "sendBatch"> | undefined,
    batch: {
      readonly compression: number;
      readonly topicMessages: { topic: string; messages: Message[] }[];
    },
  ): Promise<readonly RecordMetadata[]> {
    const sending = (to ?? this.#producer).sendBatch({ acks: -1, ...batch });
    // Without the outcomes, each of which would hold those before it.
    this.#sending = Promise.allSettled([this.#sending, sending]).then(() => {});
    return sending;
  }

  /** Its last attempt may have connected again. */
  async giveUp(): Promise<void> {
    this.#isGivenUp = true;
    await this.#producer.disconnect();
    await this.#sending;
    await this.#producer.disconnect();
  }
}
