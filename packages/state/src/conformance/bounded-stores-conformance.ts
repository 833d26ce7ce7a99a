import {
  compareBytes,
  decodeUtf8,
  encodeUtf8,
  fromHex,
  noBytes,
  noHeaders,
  toHex,
} from "@millrace/model";
import { check, checkEqual, type ConformanceCase } from "@millrace/model/conformance";
import { string } from "@millrace/serde";
import { CacheBudget } from "../contract/cache-budget.ts";
import type { StoreEngine } from "../contract/store-engine.ts";
import type { StoreSpecification } from "../contract/store-specification.ts";
import type { TaskStores } from "../contract/task-stores.ts";
import { listValueStore } from "../kinds/list-value/list-value-kind.ts";
import { lruStore } from "../kinds/lru/lru-kind.ts";
import { openTaskStores } from "../stores/open-task-stores.ts";
import { SeededChoice } from "./seeded-choice.ts";
import type { StoreEngineFixture } from "./store-engine-conformance.ts";

/**
 * What LRU stores and stores of lists promise on an engine: reads are what a plain map says, also after an abort, after
 * closing and opening, and after an empty engine was restored from the changelog.
 *
 * @example for (const { name, run } of boundedStoresConformance(fixture)) it(name, run);
 */
export function boundedStoresConformance(fixture: StoreEngineFixture): readonly ConformanceCase[] {
  const trials: readonly (readonly [string, () => Subject])[] = [
    ["an LRU store is what a map says", lruSubject],
    ["a store of lists is what a map says", () => listSubject("rocksdb")],
    ["a store of lists in memory is what a map says", () => listSubject("memory")],
  ];
  return trials.map(([name, subjectOf]) => ({
    name,
    run: async () => {
      for (let seed = 1; seed <= (fixture.seeds ?? 20); seed++)
        await new BoundedTrial(fixture, subjectOf(), seed).run();
    },
  }));
}

/** A store beside its model, which is a map in the order of last use. */
interface Subject {
  readonly specification: StoreSpecification;
  write(stores: TaskStores, key: string, value: string | null): void;
  /** What the write does to the model. */
  writeModel(model: Map<string, string>, key: string, value: string | null): void;
  read(stores: TaskStores, key: string): string | null;
  readModel(model: Map<string, string>, key: string): string | null;
  all(stores: TaskStores): readonly string[];
}

const entriesMax = 4;
const keys = ["a", "ab", "a\0", "", "b", "c", "d"];
const serdes = { name: "bounded", key: string(), value: string() };

function lruSubject(): Subject {
  const specification = lruStore({ ...serdes, entriesMax });
  return {
    specification,
    write: (stores, key, value) => stores.store(specification).put(key, value),
    writeModel: (model, key, value) => {
      model.delete(key);
      if (value !== null) model.set(key, value);
      const [eldest] = model.keys();
      if (model.size > entriesMax) model.delete(eldest);
    },
    read: (stores, key) => stores.store(specification).get(key),
    readModel: (model, key) => {
      const value = model.get(key) ?? null;
      model.delete(key);
      if (value !== null) model.set(key, value);
      return value;
    },
    all: (stores) =>
      Array.from(stores.store(specification).all(), ({ key, value }) => `${key}=${value}`),
  };
}

function listSubject(engine: "rocksdb" | "memory"): Subject {
  const specification = listValueStore({ ...serdes, engine });
  return {
    specification,
    write: (stores, key, value) => {
      const store = stores.store(specification);
      if (value === null) store.delete(key);
      else store.add(key, value);
    },
    writeModel: (model, key, value) => {
      const before = model.get(key);
      if (value === null) model.delete(key);
      else model.set(key, before === undefined ? value : `${before},${value}`);
    },
    read: (stores, key) => {
      const values = stores.store(specification).get(key);
      return values.length === 0 ? null : values.join(",");
    },
    readModel: (model, key) => model.get(key) ?? null,
    all: (stores) => {
      const lists = Map.groupBy(stores.store(specification).all(), ({ key }) => key);
      return Array.from(
        lists,
        ([key, entries]) => `${key}=${entries.map(({ value }) => value).join(",")}`,
      );
    },
  };
}

class BoundedTrial {
  readonly #fixture: StoreEngineFixture;
  readonly #subject: Subject;
  readonly #seed: number;
  readonly #choice: SeededChoice;
  readonly #log: { readonly key: string; readonly value: string | null }[] = [];
  #engine: StoreEngine | undefined;
  #stores: TaskStores | undefined;
  #committedCount = 0;
  #model = new Map<string, string>();
  #committed = new Map<string, string>();

  constructor(fixture: StoreEngineFixture, subject: Subject, seed: number) {
    this.#fixture = fixture;
    this.#subject = subject;
    this.#seed = seed;
    this.#choice = new SeededChoice(seed);
  }

  async run(): Promise<void> {
    this.#open(await this.#fixture.openEmpty());
    for (let step = 0; step < 150; step++) {
      const kind = this.#choice.below(14);
      const key = this.#choice.of(keys);
      if (kind < 7) {
        const value = this.#choice.isOneIn(4) ? null : `v${step}`;
        this.#subject.write(this.#opened, key, value);
        this.#subject.writeModel(this.#model, key, value);
      } else if (kind < 11) {
        const found = this.#subject.read(this.#opened, key);
        const expected = this.#subject.readModel(this.#model, key);
        checkEqual(found, expected, `seed ${this.#seed}, ${JSON.stringify(key)}`);
      } else if (kind === 11) this.#commit();
      else if (this.#choice.isOneIn(3)) await this.#crash();
      this.#compare();
    }
    await this.#opened.close();
  }

  get #opened(): TaskStores {
    check(this.#stores !== undefined, "the trial has begun");
    return this.#stores as TaskStores;
  }

  #commit(): void {
    this.#opened.commit(new Map([["bounded", this.#log.length]]));
    this.#committedCount = this.#log.length;
    this.#committed = new Map(this.#model);
  }

  async #crash(): Promise<void> {
    const { reopen, openEmpty } = this.#fixture;
    const kind = this.#choice.below(3);
    this.#opened.abort();
    this.#log.length = this.#committedCount;
    if (kind === 0) {
      this.#model = reordered(this.#committed, [...this.#model.keys()]);
      return;
    }
    await this.#opened.close();
    const engine = this.#engine;
    const isKept = kind === 1 && reopen !== undefined && engine !== undefined;
    this.#open(isKept ? await reopen(engine) : await openEmpty());
    const from = this.#opened.committedOffset("bounded") ?? 0;
    for (const { key, value } of this.#log.slice(from))
      this.#opened.restore("bounded", fromHex(key), {
        value: value === null ? null : fromHex(value),
        timestamp: 1,
        headers: noHeaders,
      });
    this.#opened.commit(new Map([["bounded", this.#log.length]]));
    // After a restore the order of use is that of the changelog.
    const order = this.#log.map(({ key }) => decodeUtf8(fromHex(key)));
    this.#model = reordered(this.#committed, order);
    this.#committed = new Map(this.#model);
  }

  #compare(): void {
    const expected = [...this.#model.keys()]
      .toSorted((left, right) => compareBytes(encodeUtf8(left), encodeUtf8(right)))
      .map((key) => `${key}=${this.#model.get(key)}`);
    checkEqual(this.#subject.all(this.#opened), expected, `seed ${this.#seed}, all`);
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
          specification: this.#subject.specification,
          changelogTopic: "bounded-changelog",
          changelog: {
            append: (_timestamp, key, value) =>
              void this.#log.push({
                key: toHex(key ?? noBytes),
                value: value === null ? null : toHex(value),
              }),
          },
        },
      ],
    });
  }
}

/** The entries of a map in the order in which their keys come last in a list; before them the others, by their bytes. */
function reordered(
  entries: ReadonlyMap<string, string>,
  order: readonly string[],
): Map<string, string> {
  const found = [...entries].toSorted(([left], [right]) => {
    const byUse = order.lastIndexOf(left) - order.lastIndexOf(right);
    return byUse === 0 ? compareBytes(encodeUtf8(left), encodeUtf8(right)) : byUse;
  });
  return new Map(found);
}
