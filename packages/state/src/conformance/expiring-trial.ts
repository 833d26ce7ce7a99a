import { encodeUtf8, noHeaders, toHex, fromHex, type Headers } from "@millrace/model";
import { check, checkEqual } from "@millrace/model/conformance";
import { string } from "@millrace/serde";
import { CacheBudget } from "../contract/cache-budget.ts";
import { StateError } from "../contract/state-error.ts";
import type { StoreEngine } from "../contract/store-engine.ts";
import type { StoreEngineKind, StoreSpecification } from "../contract/store-specification.ts";
import type { TaskStores } from "../contract/task-stores.ts";
import type { WindowedCursor } from "../contract/window-store.ts";
import { openTaskStores } from "../stores/open-task-stores.ts";
import { expiringStore, specifyExpiring, type ExpiringStore } from "./expiring-store.ts";
import { fetchView, searchView } from "./expiring-view.ts";
import { ExpiringModel, type ModelRow, type ModelSearch, type RowKind } from "./expiring-model.ts";
import { SeededChoice } from "./seeded-choice.ts";
import type { StoreEngineFixture } from "./store-engine-conformance.ts";

export interface ExpiringTrialOptions {
  readonly kind: RowKind;
  readonly engine: StoreEngineKind;
  readonly cacheBytesMax: number;
  readonly seed: number;
  /** True: queries read beside it. */
  readonly isQueried?: boolean;
}

/** Five are the retention. */
const tick = 20_000;

interface Logged {
  readonly key: string;
  readonly value: string | null;
  readonly timestamp: number;
  readonly headers: Headers;
}

const keys = ["a", "ab", "a\0", "b", "", "a\0\0\0\0\0\0\0\0\x01"];

/** One seeded run of a store beside its model. */
export class ExpiringTrial {
  readonly #fixture: StoreEngineFixture;
  readonly #options: ExpiringTrialOptions;
  readonly #choice: SeededChoice;
  readonly #queries: SeededChoice;
  readonly #context = { topic: "t", partition: 0, offset: 0, timestamp: 0, headers: noHeaders };
  readonly #specification: StoreSpecification;
  #engine: StoreEngine | undefined;
  #stores: TaskStores | undefined;
  #store: ExpiringStore | undefined;
  #log: Logged[] = [];
  #committedCount = 0;
  #model: ExpiringModel;
  #committed: ExpiringModel;
  /** A commit that is under way: records of the changelog, and what the store held. */
  #begun: { readonly count: number; readonly model: ExpiringModel } | undefined;
  #dropped = 0;
  /** Rows that a cache without bounds holds: they are seen even where they have expired beneath, as in Kafka. */
  readonly #held = new Set<string>();
  #now = 500_000;
  #openCursors: { readonly cursor: WindowedCursor<string, unknown>; readonly rows: string[] }[] =
    [];

  constructor(fixture: StoreEngineFixture, options: ExpiringTrialOptions) {
    this.#fixture = fixture;
    this.#options = options;
    this.#choice = new SeededChoice(options.seed);
    this.#queries = new SeededChoice(options.seed + 1);
    this.#model = new ExpiringModel(options.kind, {
      isExact: options.engine === "memory",
      isCached: options.cacheBytesMax > 0,
    });
    this.#committed = this.#model.copy();
    this.#specification = specifyExpiring(options.kind, {
      name: "rows",
      key: string(),
      value: string(),
      caching: options.cacheBytesMax > 0,
      engine: options.engine,
    });
  }

  /** @returns what was written to the changelog */
  async run(): Promise<string> {
    this.#open(await this.#fixture.openEmpty());
    for (let step = 0; step < 120; step++) {
      if (this.#options.isQueried === true) this.#query();
      const kind = this.#choice.below(16);
      if (kind < 8) this.#put();
      else if (kind < 11) this.#compare(this.#anySearch());
      else if (kind === 11) this.#openCursor();
      else if (kind === 12) this.#commit();
      else if (kind === 13) this.#opened.flush();
      else if (this.#choice.isOneIn(4)) await this.#crash();
      else this.#compareOne();
    }
    this.#drainCursors();
    await this.#opened.close();
    return JSON.stringify(this.#log);
  }

  get #opened(): TaskStores {
    check(this.#stores !== undefined, "the trial has begun");
    return this.#stores as TaskStores;
  }

  get #rows(): ExpiringStore {
    check(this.#store !== undefined, "the trial has begun");
    return this.#store as ExpiringStore;
  }

  #put(): void {
    // Few times, so that rows meet each other, and the very edge of the retention.
    this.#now += tick * (this.#choice.isOneIn(12) ? this.#choice.below(7) : this.#choice.below(2));
    const age = tick * this.#choice.of([0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 8, 10]);
    const time = Math.max(0, this.#now - age);
    const key = this.#choice.of(keys);
    const start = Math.max(0, time - this.#choice.of([0, 0, 5000, 70_000]));
    const value = this.#choice.isOneIn(5) ? null : `v${this.#choice.below(1000)}`;
    this.#context.timestamp = time;
    this.#rows.put(key, { start, time }, value);
    const last = this.#isOfSessions ? start : 0;
    this.#model.put(key, time, start, value);
    if (this.#options.cacheBytesMax > heldBytes) this.#held.add(placeOf({ key, time, last }));
    if (this.#options.cacheBytesMax === 0)
      checkEqual(this.#dropped, this.#model.droppedCount, "writes that came too late");
  }

  /** Begins a commit, which ends at once or with the next one. */
  #commit(): void {
    if (this.#begun !== undefined) this.#endCommit(this.#begun);
    this.#opened.flush();
    const begun = { count: this.#log.length, model: this.#model.copy() };
    this.#dropped = this.#model.droppedCount = begun.model.droppedCount = 0;
    this.#opened.beginCommit();
    if (this.#choice.isOneIn(2)) this.#endCommit(begun);
    else this.#begun = begun;
    this.#compare(everything);
  }

  #endCommit({ count, model }: { readonly count: number; readonly model: ExpiringModel }): void {
    this.#opened.commit(new Map([["rows", count]]));
    this.#committedCount = count;
    this.#committed = model;
    this.#begun = undefined;
  }

  /** An abort; or the engine is closed and opened; or it is lost, and restored from the changelog. */
  async #crash(): Promise<void> {
    const { reopen, openEmpty } = this.#fixture;
    const kind = this.#choice.below(3);
    this.#opened.abort();
    this.#drainCursors();
    this.#log.length = this.#committedCount;
    this.#model = this.#committed.copy();
    this.#begun = undefined;
    this.#dropped = 0;
    this.#held.clear();
    const engine = this.#engine;
    if (engine !== undefined && kind === 1 && reopen !== undefined) {
      await this.#opened.close();
      this.#open(await reopen(engine));
      this.#restore();
    } else if (kind === 2) {
      await this.#opened.close();
      this.#open(await openEmpty());
      this.#restore();
    }
    this.#compare(everything);
  }

  #restore(): void {
    const stores = this.#opened;
    for (const { key, value, ...record } of this.#log.slice(stores.committedOffset("rows") ?? 0)) {
      const bytes = value === null ? null : fromHex(value);
      stores.restore("rows", fromHex(key), { ...record, value: bytes });
      if (this.#choice.isOneIn(20)) stores.commit(new Map());
    }
    stores.commit(new Map([["rows", this.#log.length]]));
  }

  #compareOne(): void {
    const { cacheBytesMax, kind } = this.#options;
    const [row] = this.#model.search(everything).filter(() => this.#choice.isOneIn(3));
    if (row === undefined || kind === "duplicates") return;
    const found = this.#rows.get(row.key, { start: row.last, time: row.time });
    const expected = this.#isSeen(row) ? row.value : null;
    const isFine = found === expected || (cacheBytesMax > 0 && found === row.value);
    check(isFine, `${this.#where} ${textOf(row)}: found ${found}, expected ${expected}`);
  }

  #compare(search: ModelSearch): void {
    const queried =
      this.#options.isQueried === true
        ? drain(searchView(this.#opened.view("rows", "live"), search))
        : undefined;
    const found = drain(this.#rows.search(search));
    if (queried !== undefined)
      checkEqual(queried, found, `${this.#where} live ${JSON.stringify(search)}`);
    const all = this.#model.search(search);
    const { cacheBytesMax } = this.#options;
    const isCached = cacheBytesMax > 0;
    const seen = all.filter(
      (row) => this.#isSeen(row) || (isCached && found.includes(textOf(row))),
    );
    checkEqual(found, seen.map(textOf), `${this.#where} ${JSON.stringify(search)}`);
  }

  #query(): void {
    const search = this.#anySearch(this.#queries);
    const model = this.#committed;
    const seen = model.search(search).filter((row) => !model.hasExpired(row));
    const view = this.#opened.view("rows", "committed");
    if (this.#queries.isOneIn(3)) {
      this.#openCursors.push({ cursor: searchView(view, search), rows: seen.map(textOf) });
      return;
    }
    checkEqual(
      drain(searchView(view, search)),
      seen.map(textOf),
      `${this.#where} committed ${JSON.stringify(search)}`,
    );
    const [row] = seen;
    if (row === undefined || this.#options.kind === "duplicates") return;
    checkEqual(fetchView(view, row), row.value, `${this.#where} committed ${textOf(row)}`);
  }

  /** For certain: beneath a cache, time stands still until a flush. */
  #isSeen(row: ModelRow): boolean {
    return !this.#model.hasExpired(row) || this.#held.has(placeOf(row));
  }

  /** A cursor shows later what another one shows now. */
  #openCursor(): void {
    const search = this.#anySearch();
    const rows = drain(this.#rows.search(search));
    this.#openCursors.push({ cursor: this.#rows.search(search), rows });
    if (this.#openCursors.length > 2) this.#drainCursors();
  }

  #drainCursors(): void {
    for (const { cursor, rows } of this.#openCursors.splice(0)) {
      try {
        checkEqual(drain(cursor), rows, `${this.#where} a cursor that was open for a while`);
      } catch (error) {
        if (!(error instanceof StateError) || error.code !== "CURSOR_ENDED") throw error;
      }
    }
  }

  #anySearch(choice = this.#choice): ModelSearch {
    const one = choice.of(keys);
    const [keyFrom, keyTo] = choice.of([
      [one, one],
      [one, choice.of(keys)],
      [null, one],
      [one, null],
      [null, null],
    ]);
    const ago = (count: number): number => this.#now - tick * choice.below(count);
    const isBounded = !this.#isOfSessions && choice.isOneIn(2);
    return {
      keyFrom,
      keyTo,
      from: choice.isOneIn(3) ? 0 : ago(9),
      to: isBounded ? ago(5) : Infinity,
      latestStart: choice.isOneIn(2) ? Infinity : ago(3),
      isReverse: choice.isOneIn(3),
    };
  }

  get #isOfSessions(): boolean {
    const { kind } = this.#options;
    return kind === "session" || kind === "sessionWithHeaders";
  }

  get #where(): string {
    const { kind, engine, cacheBytesMax, seed } = this.#options;
    return `${kind} ${engine} cache ${cacheBytesMax} seed ${seed}:`;
  }

  #open(engine: StoreEngine): void {
    this.#engine = engine;
    const stores = openTaskStores({
      engine,
      recordContext: this.#context,
      cache: new CacheBudget(this.#options.cacheBytesMax),
      taskId: "0_0",
      stores: [
        {
          specification: this.#specification,
          changelogTopic: "rows-changelog",
          changelog: {
            append: (timestamp, key, value, headers) => {
              const text = value === null ? null : toHex(value);
              const keyText = toHex(key ?? encodeUtf8(""));
              this.#log.push({ key: keyText, value: text, timestamp, headers });
            },
          },
        },
      ],
    });
    stores.reportDropsTo(() => void (this.#dropped += 1));
    this.#stores = stores;
    this.#store = expiringStore(this.#options.kind, stores, "rows");
  }
}

const everything: ModelSearch = {
  keyFrom: null,
  keyTo: null,
  from: 0,
  to: Infinity,
  latestStart: Infinity,
  isReverse: false,
};

/** A cache of more bytes evicts nothing. */
const heldBytes = 1_000_000;

function placeOf({ key, time, last }: Omit<ModelRow, "value">): string {
  return `${key}@${time}/${last}`;
}

function textOf({ key, time, value }: ModelRow): string {
  return `${JSON.stringify(key)}@${time}=${value}`;
}

function drain(cursor: WindowedCursor<string, unknown>): string[] {
  using rows = cursor;
  const texts: string[] = [];
  while (rows.next())
    texts.push(`${JSON.stringify(rows.key.key)}@${rows.time}=${valueText(rows.value)}`);
  return texts;
}

function valueText(value: unknown): string {
  return typeof value === "object" && value !== null && "value" in value
    ? String(value.value)
    : String(value);
}
