import { decodeUtf8, encodeUtf8, fromHex, noBytes, noHeaders, toHex } from "@millrace/model";
import { check, checkEqual, type ConformanceCase } from "@millrace/model/conformance";
import { string } from "@millrace/serde";
import { CacheBudget } from "../contract/cache-budget.ts";
import type { StoreEngine } from "../contract/store-engine.ts";
import type { StoreView } from "../contract/store-view.ts";
import type { VersionedRecord, VersionRange } from "../contract/versioned-store.ts";
import type { TaskStores } from "../contract/task-stores.ts";
import { versionedKeyValueStore } from "../kinds/versioned/versioned-kind.ts";
import { openTaskStores } from "../stores/open-task-stores.ts";
import { SeededChoice } from "./seeded-choice.ts";
import type { StoreEngineFixture } from "./store-engine-conformance.ts";
import { historyRetentionMs, segmentIntervalMs, VersionedModel } from "./versioned-model.ts";

/**
 * What versioned stores promise on an engine: reads are what plain lists say, with versions in any order, also after an
 * abort, after closing and opening, and after an empty engine was restored from the changelog.
 *
 * @example for (const { name, run } of versionedStoresConformance(fixture)) it(name, run);
 */
export function versionedStoresConformance(
  fixture: StoreEngineFixture,
): readonly ConformanceCase[] {
  return (["rocksdb", "memory"] as const).map((engine) => ({
    name: `a versioned store is what lists of versions say, engine ${engine}`,
    run: async () => {
      for (let seed = 1; seed <= (fixture.seeds ?? 20); seed++)
        await new VersionedTrial(fixture, seed, engine).run();
    },
  }));
}

function seen(record: VersionedRecord<Uint8Array> | null): VersionedRecord<string> | null {
  return record === null ? null : { ...record, value: decodeUtf8(record.value) };
}

const keys = ["a", "ab", "a\0", ""];
const tick = 10_000;

class VersionedTrial {
  readonly #fixture: StoreEngineFixture;
  readonly #seed: number;
  readonly #choice: SeededChoice;
  readonly #specification;
  readonly #log: { readonly key: string; readonly value: string | null; readonly time: number }[] =
    [];
  #engine: StoreEngine | undefined;
  #stores: TaskStores | undefined;
  #committedCount = 0;
  #model = new VersionedModel();
  #committed = new VersionedModel();
  #now = 300_000;

  constructor(fixture: StoreEngineFixture, seed: number, engine: "rocksdb" | "memory") {
    this.#fixture = fixture;
    this.#seed = seed;
    this.#choice = new SeededChoice(seed);
    this.#specification = versionedKeyValueStore({
      name: "versions",
      key: string(),
      value: string(),
      historyRetention: historyRetentionMs,
      segmentInterval: segmentIntervalMs,
      engine,
    });
  }

  async run(): Promise<void> {
    this.#open(await this.#fixture.openEmpty());
    for (let step = 0; step < 150; step++) {
      const kind = this.#choice.below(12);
      if (kind < 7) this.#put();
      else if (kind < 10) this.#compare();
      else if (kind === 10) this.#commit();
      else if (this.#choice.isOneIn(3)) await this.#crash();
    }
    await this.#opened.close();
  }

  get #opened(): TaskStores {
    check(this.#stores !== undefined, "the trial has begun");
    return this.#stores as TaskStores;
  }

  #put(): void {
    this.#now += tick * (this.#choice.isOneIn(8) ? this.#choice.below(8) : this.#choice.below(2));
    const timestamp = this.#now - tick * this.#choice.of([0, 0, 0, 1, 2, 3, 5, 8, 9, 10, 11]);
    const key = this.#choice.of(keys);
    const value = this.#choice.isOneIn(3) ? null : `v${this.#choice.below(1000)}`;
    const store = this.#opened.store(this.#specification);
    const before = this.#model.get(key, timestamp);
    const expected = this.#model.put(key, value, timestamp);
    if (value === null && this.#choice.isOneIn(2)) {
      const deleted = store.delete(key, timestamp);
      checkEqual(deleted, expected === "expired" ? null : before, `${this.#where} delete`);
    } else checkEqual(store.put(key, value, timestamp), expected, `${this.#where} put`);
    this.#compare();
  }

  #compare(): void {
    const store = this.#opened.store(this.#specification);
    const key = this.#choice.of(keys);
    const [first, second] = [this.#anyTime(), this.#anyTime()];
    checkEqual(store.get(key), this.#model.get(key, undefined), `${this.#where} get ${key}`);
    checkEqual(store.get(key, first), this.#model.get(key, first), `${this.#where} as of ${first}`);
    const range = { from: Math.min(first, second), to: Math.max(first, second) };
    const expected = this.#model.history(key, range.from, range.to);
    const reverse = this.#choice.isOneIn(2);
    checkEqual(
      store.history(key, { ...range, reverse }),
      reverse ? expected.toReversed() : expected,
      `${this.#where} history ${JSON.stringify(range)}`,
    );
    this.#query(key, first, { ...range, reverse });
  }

  #query(key: string, asOf: number, range: Required<VersionRange>): void {
    for (const isolation of ["committed", "live"] as const) {
      const model = isolation === "live" ? this.#model : this.#committed;
      const view = this.#opened.view("versions", isolation);
      check(view.kind === "versioned", "it is asked for versions");
      const { store } = view as Extract<StoreView, { readonly kind: "versioned" }>;
      const where = `${this.#where} ${isolation}`;
      const bytes = encodeUtf8(key);
      checkEqual(seen(store.get(bytes)), model.get(key, undefined), `${where} get ${key}`);
      checkEqual(seen(store.get(bytes, asOf)), model.get(key, asOf), `${where} as of ${asOf}`);
      const expected = model.history(key, range.from, range.to);
      checkEqual(
        store.history(bytes, range).map(seen),
        range.reverse ? expected.toReversed() : expected,
        `${where} history ${JSON.stringify(range)}`,
      );
    }
  }

  #commit(): void {
    this.#opened.commit(new Map([["versions", this.#log.length]]));
    this.#committedCount = this.#log.length;
    this.#committed = this.#model.copy();
  }

  async #crash(): Promise<void> {
    const { reopen, openEmpty } = this.#fixture;
    const kind = this.#choice.below(3);
    this.#opened.abort();
    this.#log.length = this.#committedCount;
    this.#model = this.#committed.copy();
    if (kind > 0) {
      await this.#opened.close();
      const engine = this.#engine;
      const isKept = kind === 1 && reopen !== undefined && engine !== undefined;
      this.#open(isKept ? await reopen(engine) : await openEmpty());
      const from = this.#opened.committedOffset("versions") ?? 0;
      for (const { key, value, time } of this.#log.slice(from))
        this.#opened.restore("versions", fromHex(key), {
          value: value === null ? null : fromHex(value),
          timestamp: time,
          headers: noHeaders,
        });
      this.#opened.commit(new Map([["versions", this.#log.length]]));
    }
    for (let count = 0; count < 5; count++) this.#compare();
  }

  #anyTime(): number {
    return this.#now - tick * this.#choice.below(14) + this.#choice.of([-1, 0, 0, 1]);
  }

  get #where(): string {
    return `seed ${this.#seed}:`;
  }

  #open(engine: StoreEngine): void {
    this.#engine = engine;
    this.#stores = openTaskStores({
      engine,
      recordContext: { topic: "t", partition: 0, offset: 0, timestamp: 0, headers: noHeaders },
      cache: new CacheBudget(0),
      taskId: "0_0",
      stores: [
        {
          specification: this.#specification,
          changelogTopic: "versions-changelog",
          changelog: {
            append: (time, key, value) =>
              void this.#log.push({
                key: toHex(key ?? noBytes),
                value: value === null ? null : toHex(value),
                time,
              }),
          },
        },
      ],
    });
  }
}
