import type { Platform } from "@millrace/platform";
import type { PartitionResult, StreamsApp, KeyValueQueries } from "@millrace/streams";

/** What a partition of a table of counts was told to be. */
interface ToldTable {
  /** Of the last record that is in it. */
  readonly offset: number;
  readonly counts: ReadonlyMap<string, number>;
  readonly by: string;
}

/**
 * What instances answer about a table of counts. What is committed at a position is one thing: whoever tells it, before
 * and after a death, tells the same; and from a position to a later one counts only grow.
 */
export class StoreAnswers {
  /** Answers that were compared with others of their position. */
  compared = 0;
  readonly problems: string[] = [];
  readonly #store: string;
  readonly #topic: string;
  readonly #told = new Map<number, Map<number, ToldTable>>();

  /** @param topic that the store is made of */
  constructor(store: string, topic: string) {
    this.#store = store;
    this.#topic = topic;
  }

  /** Asks an instance as long as it lives. */
  async ask(app: StreamsApp, { timers, random }: Platform, by: string): Promise<void> {
    const live = new AbortController();
    const ended = app.closed.catch(() => {}).then(() => live.abort());
    const store = app.store<KeyValueQueries<string, number>>(this.#store, {
      isLocal: true,
      timeout: 0,
    });
    while (!live.signal.aborted) {
      try {
        for (const result of await store.all().results()) this.#take(result, by);
        await timers.sleep(1 + random.below(40), live.signal);
      } catch {
        // It has ended, or the cluster is away.
        await timers.sleep(20);
      }
    }
    await ended;
  }

  #take(
    result: PartitionResult<{ readonly key: string; readonly value: number }>,
    by: string,
  ): void {
    if (result.isFailure) return;
    const { partition, position, rows } = result;
    const offset = position[this.#topic]?.[partition];
    if (offset === undefined) return;
    const counts = new Map(rows.map(({ key, value }) => [key, value]));
    const told = this.#told.get(partition) ?? new Map<number, ToldTable>();
    this.#told.set(partition, told);
    const table = { offset, counts, by };
    const before = told.get(offset);
    if (before === undefined) told.set(offset, table);
    else {
      this.compared += 1;
      this.#expect(textOf(before) === textOf(table), partition, before, table);
    }
    for (const other of told.values()) {
      const [earlier, later] = other.offset <= offset ? [other, table] : [table, other];
      const hasGrown = [...earlier.counts].every(([key, n]) => (later.counts.get(key) ?? 0) >= n);
      this.#expect(hasGrown, partition, earlier, later);
    }
  }

  #expect(isFine: boolean, partition: number, left: ToldTable, right: ToldTable): void {
    if (isFine || this.problems.length > 10) return;
    const told = [left, right].map(
      (one) => `${one.by} told of partition ${partition} at ${one.offset}: ${textOf(one)}`,
    );
    this.problems.push(told.join("; "));
  }
}

function textOf({ counts }: ToldTable): string {
  return JSON.stringify([...counts].sort());
}
