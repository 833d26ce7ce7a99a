import type { VersionedTopics } from "../src/coordinator/topic-lookup.ts";

/** Topics with their partitions, that come, go and grow as a test says. */
export class MemoryTopics implements VersionedTopics {
  readonly #counts = new Map<string, number>();
  readonly #names = new Map<string, string>();
  appliedOffset = 0;
  namesOffset = 0;

  set(topic: string, partitionCount: number): void {
    const isNew = !this.#counts.has(topic);
    this.#counts.set(topic, partitionCount);
    this.#names.set(idOf(topic), topic);
    this.appliedOffset++;
    if (isNew) this.namesOffset = this.appliedOffset;
  }

  delete(topic: string): void {
    this.#counts.delete(topic);
    this.namesOffset = ++this.appliedOffset;
  }

  partitionCount(topic: string): number | undefined {
    return this.#counts.get(topic);
  }

  topicId(topic: string): string | undefined {
    return this.#counts.has(topic) ? idOf(topic) : undefined;
  }

  topicNames(): Iterable<string> {
    return this.#counts.keys();
  }

  topicName(topicId: string): string | undefined {
    const topic = this.#names.get(topicId);
    return topic !== undefined && this.#counts.has(topic) ? topic : undefined;
  }
}

/** A UUID in its text form that shows the name, of letters and digits, that it is of. */
function idOf(topic: string): string {
  return `${topic.padEnd(21, "_").slice(0, 21)}A`;
}
