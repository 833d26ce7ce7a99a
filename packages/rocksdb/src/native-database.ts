import { createRequire } from "node:module";

import { causesOf, compareBytes, invariant, messageOf } from "@millrace/model";
import type { EngineTuning } from "@millrace/state";

/**
 * The one file that knows `@nxtedition/rocksdb`: its underscore methods, the native functions beneath them, what they take,
 * and what crashes the process instead of throwing. Pinned to version 12.2.12; read this file again before taking another.
 *
 * Crashes: any call after `close` (segmentation fault), and an empty key or bound (assertion). Callers guard both.
 */

/**
 * Batches and reads as the native code has them. The class around them asks for options that are there, and the native code
 * looks into those for each entry, which takes longer than the rest; of a read it is a tenth.
 */
interface NativeBinding {
  db_get_many_sync(
    database: unknown,
    keys: readonly Uint8Array[],
    options: undefined,
  ): readonly (Uint8Array | undefined)[];
  batch_init(): NativeBatch;
  batch_put(batch: NativeBatch, key: Uint8Array, value: Uint8Array, options: undefined): void;
  batch_del(batch: NativeBatch, key: Uint8Array, options: undefined): void;
  batch_write(database: unknown, batch: NativeBatch, options: undefined): void;
  batch_clear(batch: NativeBatch): void;
}

declare const nativeBatch: unique symbol;
/** Nothing else can be done with it. */
type NativeBatch = { readonly [nativeBatch]: true };

interface NativeIterator {
  /** Rows are key, value, key, value. */
  _nextvSync(count: number): { readonly rows: readonly Uint8Array[]; readonly finished: boolean };
  /** To the first key from there on, which is not empty; of an iterator that has ended too. */
  _seekSync(key: Uint8Array): void;
  _closeSync(): void;
}

interface NativeLevel extends NativeResources {
  open(): Promise<void>;
  close(): Promise<void>;
  getProperty(name: string): string;
  _iterator(options: object): NativeIterator;
  /** Without a limit it is one `DeleteRange`, done when the call returns; only an error is told later. */
  _clear(
    range: { readonly gte: Uint8Array; readonly lt: Uint8Array },
    callback: (error: unknown) => void,
  ): void;
}

/** What a level closes when it is closed. */
interface NativeResources {
  /** Each iterator does this when it is made. */
  attachResource(resource: object): void;
  /** `_closeSync` does not do it. */
  detachResource(resource: object): void;
}

interface NativeModule {
  readonly RocksLevel: {
    new (location: string, options: object): NativeLevel;
    readonly prototype: NativeResources;
  };
}

/** Iterators that wait for the next scan; joins have one open, rarely two. */
const spareIteratorsMax = 4;

/** No key is less. */
const leastKey = Uint8Array.of(0);

export type NativeDatabaseOptions = Required<EngineTuning>;

export interface NativeRange {
  /** Inclusive, not empty. */
  readonly from?: Uint8Array;
  /** Exclusive, not empty. */
  readonly to?: Uint8Array;
  readonly isReverse: boolean;
}

/** Why the database could not be opened. */
export type OpenFailure = "locked" | "damaged" | "other";

/** Loads the native code; throws what Node or `node-gyp-build` throw where there is none for this machine. */
export function loadNative(): NativeModule {
  // Its package has no types, and exports exactly this class.
  return createRequire(import.meta.url)("@nxtedition/rocksdb") as NativeModule;
}

/** What `loadNative` has loaded, without its class. */
function loadBinding(): NativeBinding {
  return createRequire(import.meta.url)("@nxtedition/rocksdb/binding.js") as NativeBinding;
}

export class NativeDatabase {
  readonly #level: NativeLevel;
  readonly #binding: NativeBinding;
  /** The database as the native functions know it. */
  readonly #context: unknown;
  /** Iterators that nothing was written after: to seek costs a fraction of what a new one does. */
  #spare: NativeIterator[] = [];
  #writeCount = 0;

  private constructor(level: NativeLevel) {
    this.#level = level;
    this.#binding = loadBinding();
    this.#context = contextOf(level);
  }

  static async open(
    native: NativeModule,
    directory: string,
    options: NativeDatabaseOptions,
  ): Promise<NativeDatabase> {
    const level = new native.RocksLevel(directory, {
      createIfMissing: true,
      // A memtable has a quarter of the budget, and up to six may wait: the most is one and a half budgets.
      compaction: options.compaction,
      memtableMemoryBudget: Math.floor((options.memtableBytesMax * 2) / 3),
      cacheSize: options.blockCacheBytes,
      blockSize: options.blockBytes,
      compression: options.isCompressed,
      parallelism: 1,
      // Filters of memtables too, and an index by hash in blocks: single reads cost a fifth to two fifths less.
      optimize: "point-lookup",
      filterPolicy: `bloomfilter:${options.bloomBitsPerKey}:false`,
      // The log is written without fsync: it survives the process, not the machine; the changelog is the truth.
      walCompression: false,
      // What is left out of it, because it is damaged, is told there alone.
      infoLogLevel: "warn",
    });
    await level.open();
    try {
      return new NativeDatabase(level);
    } catch (error) {
      await level.close();
      throw error;
    }
  }

  get(key: Uint8Array): Uint8Array | null {
    const found = this.#binding.db_get_many_sync(this.#context, [key], undefined)[0];
    return found === undefined ? null : plain(found);
  }

  /** All or nothing. A null value deletes. */
  write(entries: readonly { readonly key: Uint8Array; readonly value: Uint8Array | null }[]): void {
    this.#dropSpare();
    const binding = this.#binding;
    const batch = binding.batch_init();
    try {
      for (const { key, value } of entries)
        if (value === null) binding.batch_del(batch, key, undefined);
        else binding.batch_put(batch, key, value, undefined);
      binding.batch_write(this.#context, batch, undefined);
    } finally {
      binding.batch_clear(batch);
    }
  }

  /** @returns whether nothing is left */
  deleteRange(from: Uint8Array, to: Uint8Array): boolean {
    this.#dropSpare();
    // What the callback would tell is seen at once: something is left.
    this.#level._clear({ gte: from, lt: to }, () => {});
    const left = this.iterate({ from, to, isReverse: false });
    try {
      return left.read(1).length === 0;
    } finally {
      left.close();
    }
  }

  iterate({ from, to, isReverse }: NativeRange): NativeRows {
    if (isReverse) {
      const iterator = this.#iterator({
        ...(from === undefined ? {} : { gte: from }),
        ...(to === undefined ? {} : { lt: to }),
        reverse: true,
      });
      return new NativeRows(iterator, undefined, () => this.#close(iterator));
    }
    const iterator = this.#spare.pop() ?? this.#iterator({ reverse: false });
    const writeCount = this.#writeCount;
    iterator._seekSync(from ?? leastKey);
    return new NativeRows(iterator, to, () => this.#giveBack(iterator, writeCount));
  }

  estimatedEntryCount(): number {
    return this.property("rocksdb.estimate-num-keys");
  }

  property(name: string): number {
    return Number(this.#level.getProperty(name));
  }

  close(): Promise<void> {
    this.#dropSpare();
    return this.#level.close();
  }

  #iterator(options: object): NativeIterator {
    return this.#level._iterator({
      ...options,
      keyEncoding: "buffer",
      valueEncoding: "buffer",
      highWaterMarkBytes: 64 * 1024,
    });
  }

  #giveBack(iterator: NativeIterator, writeCount: number): void {
    const isCurrent = writeCount === this.#writeCount;
    if (isCurrent && this.#spare.length < spareIteratorsMax) this.#spare.push(iterator);
    else this.#close(iterator);
  }

  /** They see the database as it was, and keep what a compaction has replaced. */
  #dropSpare(): void {
    this.#writeCount++;
    for (const iterator of this.#spare) this.#close(iterator);
    this.#spare = [];
  }

  /** Some hundred bytes of each would stay for as long as the database is open, where it is not detached. */
  #close(resource: NativeIterator): void {
    resource._closeSync();
    this.#level.detachResource(resource);
  }
}

function contextOf(level: NativeLevel): unknown {
  const keys = Object.getOwnPropertySymbols(level).filter(
    ({ description }) => description === "context",
  );
  const context: unknown = keys.length === 1 ? Reflect.get(level, keys[0]) : undefined;
  invariant(context !== undefined, "ROCKSDB-6", "a level has one context, with a value");
  return context;
}

const noRows: readonly Uint8Array[] = [];

/** Rows of an iterator, which sees the database as it was when it was made, up to a key. */
export class NativeRows {
  readonly #iterator: NativeIterator;
  readonly #to: Uint8Array | undefined;
  readonly #close: () => void;
  #isAtEnd = false;

  constructor(iterator: NativeIterator, to: Uint8Array | undefined, close: () => void) {
    this.#iterator = iterator;
    this.#to = to;
    this.#close = close;
  }

  /** Key, value, key, value; empty at the end. */
  read(count: number): readonly Uint8Array[] {
    if (this.#isAtEnd) return noRows;
    const { rows } = this.#iterator._nextvSync(count);
    const to = this.#to;
    if (to === undefined || rows.length === 0) return rows;
    if (compareBytes(rows[rows.length - 2], to) < 0) return rows;
    this.#isAtEnd = true;
    return rows.slice(
      0,
      rows.findIndex((key, index) => index % 2 === 0 && compareBytes(key, to) >= 0),
    );
  }

  close(): void {
    this.#close();
  }
}

export function openFailureOf(error: unknown): OpenFailure {
  const cause = rootOf(error);
  if (cause.code === "LEVEL_LOCKED") return "locked";
  if (isCorruption(error)) return "damaged";
  return cause.code === "LEVEL_IO_ERROR" && cause.message.includes("No such file")
    ? "damaged"
    : "other";
}

export function isCorruption(error: unknown): boolean {
  const { code, message } = rootOf(error);
  return code === "LEVEL_CORRUPTION" || message.startsWith("Corruption:");
}

/** What the native code said, beneath what the wrapper around it says. */
export function rootOf(error: unknown): { readonly code: string; readonly message: string } {
  const root = causesOf(error).at(-1);
  if (root === undefined) return { code: "", message: messageOf(error) };
  return { code: "code" in root ? String(root.code) : "", message: root.message };
}

/** A `Uint8Array` on the bytes of a `Buffer`, which is its own. */
function plain(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
