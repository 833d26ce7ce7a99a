/** What is counted of a topic, per partition of a request. */
export class TopicCounts {
  messagesIn = 0;
  bytesIn = 0;
  bytesOut = 0;
  produceRequests = 0;
  fetchRequests = 0;
  failedProduceRequests = 0;
  failedFetchRequests = 0;

  produced(records: number, bytes: number): void {
    this.produceRequests++;
    this.messagesIn += records;
    this.bytesIn += bytes;
  }

  produceFailed(): void {
    this.produceRequests++;
    this.failedProduceRequests++;
  }

  fetched(bytes: number, hasFailed: boolean): void {
    this.fetchRequests++;
    this.bytesOut += bytes;
    if (hasFailed) this.failedFetchRequests++;
  }
}

/** Counts by topic, of those that are there: what a client makes up takes no memory. */
export class TopicMetrics {
  readonly #topics = new Map<string, TopicCounts>();
  readonly #isThere: (topic: string) => boolean;
  /** Of topics that are not there. */
  readonly unknown = new TopicCounts();

  constructor(isThere: (topic: string) => boolean) {
    this.#isThere = isThere;
  }

  /** Undefined: its name is not known. */
  of(topic: string | undefined): TopicCounts {
    if (topic === undefined) return this.unknown;
    const known = this.#topics.get(topic);
    if (known !== undefined) return known;
    if (!this.#isThere(topic)) return this.unknown;
    const counts = new TopicCounts();
    this.#topics.set(topic, counts);
    return counts;
  }

  forget(topic: string): void {
    this.#topics.delete(topic);
  }

  all(): Iterable<readonly [string, TopicCounts]> {
    return this.#topics;
  }
}
