import {
  compareBytes,
  decodeUtf8,
  encodeUtf8,
  noHeaders,
  toHex,
  type Headers,
  type Offset,
} from "@millrace/model";
import { int64AsNumber, json, string } from "@millrace/serde";
import { check, checkEqual, type ConformanceCase } from "@millrace/model/conformance";
import { StateError } from "../contract/state-error.ts";
import type { StoreCursor } from "../contract/store-cursor.ts";
import type { StoreEngine } from "../contract/store-engine.ts";
import type { StoredValue, StoreView } from "../contract/store-view.ts";
import type { UpdatableKeyValueStore, ValueAndTimestamp } from "../contract/key-value-store.ts";
import { timestampedKeyValueStore } from "../kinds/timestamped-key-value/timestamped-key-value-kind.ts";
import type { TaskStores } from "../contract/task-stores.ts";
import { CacheBudget } from "../contract/cache-budget.ts";
import { openTaskStores } from "../stores/open-task-stores.ts";
import { SeededChoice } from "./seeded-choice.ts";
import type { StoreEngineFixture } from "./store-engine-conformance.ts";

/** An aggregate that callbacks can mutate. */
interface Basket {
  items: number[];
}

/**
 * What stores promise on an engine: with callbacks that mutate all they receive, a store is the fold of its
 * changelog, reads are what a plain map says, a commit keeps and an abort forgets.
 *
 * @example for (const { name, run } of taskStoresConformance(fixture)) it(name, run);
 */
export function taskStoresConformance(fixture: StoreEngineFixture): readonly ConformanceCase[] {
  const seeds = fixture.seeds ?? 20;
  return [0, 300, 2_000, 10_000_000].flatMap((cacheBytesMax) =>
    [false, true].map((headers) => ({
      name: `a store${headers ? " with headers" : ""} is the fold of its changelog, cache ${cacheBytesMax}`,
      run: async () => {
        for (let seed = 1; seed <= seeds; seed++) {
          const trial = new StoreTrial(await fixture.openEmpty(), { seed, cacheBytesMax, headers });
          await trial.run(fixture);
        }
      },
    })),
  );
}

export interface StoreTrialOptions {
  readonly seed: number;
  readonly cacheBytesMax: number;
  readonly headers: boolean;
  /** True: queries read beside it. */
  readonly isQueried?: boolean;
}

type ViewCursor = StoreCursor<Uint8Array, StoredValue>;

/** Key, value, timestamp, headers. */
type LoggedChange = [string, string | null, number, string];

const storeNames = ["baskets", "counts"];
const keys = ["a", "b", "ab", "é", "zz", "0", "long-key-of-some-length-and-more"];

/** One seeded run of two stores beside their model. */
export class StoreTrial {
  readonly #choice: SeededChoice;
  readonly #options: StoreTrialOptions;
  readonly #queries: SeededChoice;
  /** Cursors of queries, and what they have to show. */
  #openQueries: { readonly name: string; readonly cursor: ViewCursor; readonly rows: string[] }[] =
    [];
  readonly #isCached: boolean;
  readonly #context = {
    topic: "orders" as string | null,
    partition: 0,
    offset: 0,
    timestamp: 0,
    headers: noHeaders,
  };
  #engine: StoreEngine;
  #stores: TaskStores;
  /** All records of a changelog; those from `committed` on belong to the open transaction. */
  readonly #logs = new Map<string, LoggedChange[]>();
  #committed = new Map<string, number>();
  #model = new Map<string, string>();
  #committedModel = new Map<string, string>();
  /** A commit that is under way: the ends of the changelogs, and what the stores held. */
  #begun: { readonly ends: Map<string, number>; readonly model: Map<string, string> } | undefined;

  constructor(engine: StoreEngine, options: StoreTrialOptions) {
    this.#queries = new SeededChoice(options.seed + 1);
    this.#options = options;
    this.#choice = new SeededChoice(options.seed);
    this.#isCached = options.cacheBytesMax > 0;
    this.#engine = engine;
    for (const name of storeNames) this.#logs.set(name, []);
    this.#stores = this.#open();
  }

  /** @returns what was written to the changelogs */
  async run({ reopen }: StoreEngineFixture): Promise<string> {
    for (let step = 0; step < 150; step++) {
      if (this.#options.isQueried === true) this.#query();
      this.#context.timestamp = this.#choice.below(1000);
      this.#context.offset = step;
      const kind = this.#choice.below(20);
      if (kind < 8) this.#updateBasket();
      else if (kind < 13) this.#updateCount();
      else if (kind === 13) this.#put();
      else if (kind === 14) this.#putCount();
      else if (kind === 15) this.#goOnCommitting();
      else if (kind === 16) this.#abort();
      else if (kind === 17 && reopen !== undefined && this.#choice.isOneIn(3))
        await this.#reopen(reopen);
      else this.#compareReads();
    }
    this.#commit();
    this.#compareReads();
    this.#drainQueries();
    await this.#stores.close();
    return JSON.stringify([...this.#logs]);
  }

  #query(): void {
    const name = this.#queries.of(storeNames);
    const isolation = this.#queries.of(["committed", "live"] as const);
    const model = isolation === "live" ? this.#model : this.#committedModel;
    const view = this.#stores.view(name, isolation);
    check(view.kind === "keyValue", "it is asked by key");
    const { store } = view as Extract<StoreView, { readonly kind: "keyValue" }>;
    for (let count = 0; count < 3; count++) {
      const key = this.#queries.of(keys);
      const found = store.get(encodeUtf8(key));
      const text = found === null ? null : this.#storedText(name, found);
      checkEqual(text, model.get(`${name}/${key}`) ?? null, `${this.#where} ${isolation} ${key}`);
    }
    const rows = this.#expected(name, model);
    if (this.#queries.isOneIn(3)) {
      this.#openQueries.push({ name, cursor: store.scan({}), rows });
      if (this.#openQueries.length > 2) this.#drainQueries();
    } else checkEqual(this.#drain(name, store.scan({})), rows, `${this.#where} ${isolation} scan`);
  }

  #drainQueries(): void {
    for (const { name, cursor, rows } of this.#openQueries.splice(0)) {
      try {
        checkEqual(this.#drain(name, cursor), rows, `${this.#where} a cursor open for a while`);
      } catch (error) {
        if (!(error instanceof StateError) || error.code !== "CURSOR_ENDED") throw error;
      }
    }
  }

  #drain(name: string, cursor: ViewCursor): string[] {
    return Array.from(
      cursor,
      ({ key, value }) => `${name}/${decodeUtf8(key)}=${this.#storedText(name, value)}`,
    );
  }

  #storedText(name: string, { value, timestamp, headers }: StoredValue): string {
    const serde = name === "counts" ? int64AsNumber() : json<Basket>();
    return textOf({ value: serde.deserialize(value, name), timestamp, headers });
  }

  get #where(): string {
    return `seed ${this.#options.seed}, cache ${this.#options.cacheBytesMax}:`;
  }

  /** The aggregator changes all that it is given, and all of it changes again once the result was written. */
  #updateBasket(): void {
    const store = this.#stores.store<UpdatableKeyValueStore<string, Basket>>("baskets");
    const key = this.#choice.of(keys);
    const brought = this.#choice.isOneIn(2) ? encodeUtf8(key) : null;
    const old = store.readForUpdate(key, brought);
    const timestamp = Math.max(this.#context.timestamp, store.timestampOfRead);
    if (this.#choice.isOneIn(8)) {
      // The callback throws half-way: the store is as before.
      old?.items.push(-1);
      return;
    }
    const record: Basket = { items: [this.#choice.below(100)] };
    if (this.#choice.isOneIn(6)) {
      store.writeUpdated(null, timestamp);
      this.#model.delete(`baskets/${key}`);
      return;
    }
    const items = [...this.#modelItems(key), ...record.items];
    this.#model.set(`baskets/${key}`, JSON.stringify([{ items }, timestamp]));
    const result = this.#resultOf(old, record);
    store.writeUpdated(result, timestamp);
    brought?.fill(0);
    for (const value of [record, result, old]) value?.items.push(-2);
  }

  /** The old aggregate itself, the record itself, or an object that shares a part with it. */
  #resultOf(old: Basket | null, record: Basket): Basket {
    if (old !== null && this.#choice.isOneIn(2)) {
      old.items.push(...record.items);
      return old;
    }
    record.items.unshift(...(old?.items ?? []));
    return this.#choice.isOneIn(2) ? record : { items: record.items };
  }

  /** What the aggregate must be, whatever became of the objects that were handed out. */
  #modelItems(key: string): readonly number[] {
    const text = this.#model.get(`baskets/${key}`);
    return text === undefined ? [] : (JSON.parse(text) as [Basket, number])[0].items;
  }

  #updateCount(): void {
    const store = this.#stores.store<UpdatableKeyValueStore<string, number>>("counts");
    const key = this.#choice.of(keys);
    const old = store.readForUpdate(key, null);
    const timestamp = Math.max(this.#context.timestamp, store.timestampOfRead);
    store.writeUpdated((old ?? 0) + 1, timestamp);
    this.#model.set(`counts/${key}`, JSON.stringify([(old ?? 0) + 1, timestamp]));
  }

  #putCount(): void {
    const store = this.#stores.store<UpdatableKeyValueStore<string, number>>("counts");
    const key = this.#choice.of(keys);
    const value = this.#choice.below(9);
    const { timestamp } = this.#context;
    const headers: Headers = [[key, this.#choice.isOneIn(3) ? null : encodeUtf8(`h${value}`)]];
    store.put(key, { value, timestamp, headers });
    this.#model.set(`counts/${key}`, textOf({ value, timestamp, headers: this.#kept(headers) }));
  }

  #kept(headers: Headers): Headers {
    return this.#options.headers ? headers : noHeaders;
  }

  #put(): void {
    const store = this.#stores.store<UpdatableKeyValueStore<string, Basket>>("baskets");
    const key = this.#choice.of(keys);
    const timestamp = this.#context.timestamp;
    const value: Basket = { items: [this.#choice.below(9)] };
    if (this.#choice.isOneIn(3)) {
      store.put(key, null);
      this.#model.delete(`baskets/${key}`);
      return;
    }
    this.#model.set(`baskets/${key}`, JSON.stringify([value, timestamp]));
    store.put(key, { value, timestamp });
    value.items.push(-4);
  }

  /** Some commits end at once, others while more was written. */
  #goOnCommitting(): void {
    if (this.#begun !== undefined) this.#endCommit(this.#begun);
    else if (this.#choice.isOneIn(2)) this.#commit();
    else {
      this.#begun = this.#flushed();
      this.#stores.beginCommit();
    }
  }

  #commit(): void {
    if (this.#begun !== undefined) this.#endCommit(this.#begun);
    this.#endCommit(this.#flushed());
    this.#compareWithChangelog();
  }

  #flushed() {
    this.#stores.flush();
    this.#compareWithChangelog();
    const ends = new Map<string, Offset>();
    for (const name of storeNames) ends.set(name, this.#log(name).length);
    return { ends, model: new Map(this.#model) };
  }

  #endCommit({ ends, model }: { ends: Map<string, number>; model: Map<string, string> }): void {
    this.#stores.commit(ends);
    this.#begun = undefined;
    this.#committed = ends;
    this.#committedModel = model;
    this.#compareReads();
  }

  #abort(): void {
    this.#stores.abort();
    this.#forgetUncommitted();
    this.#compareReads();
  }

  async #reopen(reopen: (engine: StoreEngine) => Promise<StoreEngine>): Promise<void> {
    this.#openQueries = []; // of the engine that is going to be closed
    this.#stores.abort();
    this.#engine = await reopen(this.#engine);
    this.#forgetUncommitted();
    this.#stores = this.#open();
    for (const name of storeNames) {
      const expected = this.#committed.get(name);
      checkEqual(this.#stores.committedOffset(name) ?? null, expected ?? null, `offset of ${name}`);
    }
    this.#compareReads();
  }

  #forgetUncommitted(): void {
    this.#begun = undefined;
    for (const name of storeNames) this.#log(name).length = this.#committed.get(name) ?? 0;
    this.#model = new Map(this.#committedModel);
  }

  #compareReads(): void {
    for (const name of storeNames) {
      const store = this.#stores.store<UpdatableKeyValueStore<string, Basket>>(name);
      const walked: string[] = [];
      for (const { key, value } of store.all()) {
        walked.push(`${name}/${key}=${textOf(value)}`);
        value.value.items?.push(-5);
      }
      checkEqual(walked, this.#expected(name), `seed ${this.#options.seed}, all of ${name}`);
      for (const key of keys) {
        const found = store.get(key);
        const text = found === null ? null : textOf(found);
        checkEqual(
          text,
          this.#model.get(`${name}/${key}`) ?? null,
          `seed ${this.#options.seed}, ${key}`,
        );
        found?.value.items?.push(-6);
      }
    }
  }

  #compareWithChangelog(): void {
    for (const name of storeNames) {
      const fold = new Map<string, string>();
      for (const [key, value, timestamp, headers] of this.#log(name))
        if (value === null) fold.delete(key);
        else fold.set(key, `${timestamp}:${value}${headers}`);
      const format = name === "counts" ? int64AsNumber() : json<Basket>();
      const stored = new Map<string, string>();
      for (const { key, value } of this.#stores
        .store<UpdatableKeyValueStore<string, never>>(name)
        .all())
        stored.set(
          toHex(encodeUtf8(key)),
          `${value.timestamp}:${toHex(format.serialize(value.value, name))}${headersText(value.headers)}`,
        );
      checkEqual(
        [...stored].sort(),
        [...fold].sort(),
        `seed ${this.#options.seed}, fold of ${name}`,
      );
    }
  }

  #expected(name: string, model: ReadonlyMap<string, string> = this.#model): string[] {
    return keys
      .filter((key) => model.has(`${name}/${key}`))
      .sort((left, right) => compareBytes(encodeUtf8(left), encodeUtf8(right)))
      .map((key) => `${name}/${key}=${model.get(`${name}/${key}`)}`);
  }

  #log(name: string): LoggedChange[] {
    return this.#logs.get(name) ?? [];
  }

  #open(): TaskStores {
    const { headers } = this.#options;
    const common = { key: string(), caching: this.#isCached, headers };
    const specifications = [
      timestampedKeyValueStore({ ...common, name: "baskets", value: json<Basket>() }),
      timestampedKeyValueStore({ ...common, name: "counts", value: int64AsNumber() }),
    ];
    const stores = openTaskStores({
      engine: this.#engine,
      recordContext: this.#context,
      cache: new CacheBudget(this.#options.cacheBytesMax),
      taskId: "0_0",
      stores: specifications.map((specification) => ({
        specification,
        changelogTopic: `${specification.name}-changelog`,
        changelog: {
          append: (timestamp, key, value, written) => {
            const text = value === null ? null : toHex(value);
            const keyText = toHex(key ?? new Uint8Array(0));
            this.#log(specification.name).push([keyText, text, timestamp, headersText(written)]);
          },
        },
      })),
    });
    for (const name of storeNames)
      stores
        .store<UpdatableKeyValueStore<string, Basket>>(name)
        .setFlushListener(
          (_key, { value: now }, old) => [now, old].forEach((value) => value?.items?.push(-7)),
          {
            sendsOldValues: true,
          },
        );
    return stores;
  }
}

function textOf({ value, timestamp, headers }: ValueAndTimestamp<unknown>): string {
  return `${JSON.stringify([value, timestamp])}${headersText(headers)}`;
}

function headersText(headers: Headers = noHeaders): string {
  return headers.map(([name, value]) => ` ${name}=${value && toHex(value)}`).join("");
}
