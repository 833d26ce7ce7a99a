import { createRequire } from "node:module";

/**
 * The one file that knows `@nxtedition/rocksdb`: its underscore methods, what they take, and what crashes the
 * process instead of throwing. Pinned to version 12.2.12; read this file again before taking another.
 *
 * Crashes: any call after `close` (segmentation fault), and an empty key or bound (assertion). Callers guard both.
 */

interface NativeBatch {
  _put(key: Uint8Array, value: Uint8Array, options: object): void;
  _del(key: Uint8Array, options: object): void;
  _writeSync(options: object): void;
  _closeSync(): void;
}

interface NativeIterator {
  /** Rows are key, value, key, value. */
  _nextvSync(count: number): { readonly rows: readonly Uint8Array[]; readonly finished: boolean };
  _closeSync(): void;
}

interface NativeLevel {
  open(): Promise<void>;
  close(): Promise<void>;
  getProperty(name: string): string;
  _getManySync(keys: readonly Uint8Array[], options: object): readonly (Uint8Array | undefined)[];
  _iterator(options: object): NativeIterator;
  _chainedBatch(): NativeBatch;
  /** Without a limit it is one `DeleteRange`, done when the call returns; only an error is told later. */
  _clear(
    range: { readonly gte: Uint8Array; readonly lt: Uint8Array },
    callback: (error: unknown) => void,
  ): void;
}

interface NativeModule {
  readonly RocksLevel: new (location: string, options: object) => NativeLevel;
}

const noOptions = Object.freeze({});

export interface NativeDatabaseOptions {
  readonly memtableBytesMax: number;
  readonly blockCacheBytes: number;
}

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

export class NativeDatabase {
  readonly #level: NativeLevel;

  private constructor(level: NativeLevel) {
    this.#level = level;
  }

  static async open(
    native: NativeModule,
    directory: string,
    { memtableBytesMax, blockCacheBytes }: NativeDatabaseOptions,
  ): Promise<NativeDatabase> {
    const level = new native.RocksLevel(directory, {
      createIfMissing: true,
      // A memtable has a quarter of the budget, and up to six may wait: the most is one and a half budgets.
      compaction: "level",
      memtableMemoryBudget: Math.floor((memtableBytesMax * 2) / 3),
      cacheSize: blockCacheBytes,
      parallelism: 1,
      // The log is written without fsync: it survives the process, not the machine; the changelog is the truth.
      walCompression: false,
    });
    await level.open();
    return new NativeDatabase(level);
  }

  get(key: Uint8Array): Uint8Array | null {
    const found = this.#level._getManySync([key], noOptions)[0];
    return found === undefined ? null : plain(found);
  }

  /** All or nothing. A null value deletes. */
  write(entries: readonly { readonly key: Uint8Array; readonly value: Uint8Array | null }[]): void {
    const batch = this.#level._chainedBatch();
    try {
      for (const { key, value } of entries)
        if (value === null) batch._del(key, noOptions);
        else batch._put(key, value, noOptions);
      batch._writeSync(noOptions);
    } finally {
      batch._closeSync();
    }
  }

  /** @returns whether nothing is left */
  deleteRange(from: Uint8Array, to: Uint8Array): boolean {
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
    return new NativeRows(
      this.#level._iterator({
        ...(from === undefined ? {} : { gte: from }),
        ...(to === undefined ? {} : { lt: to }),
        reverse: isReverse,
        keyEncoding: "buffer",
        valueEncoding: "buffer",
        highWaterMarkBytes: 64 * 1024,
      }),
    );
  }

  estimatedEntryCount(): number {
    return Number(this.#level.getProperty("rocksdb.estimate-num-keys"));
  }

  close(): Promise<void> {
    return this.#level.close();
  }
}

/** Rows of an iterator, which sees the database as it was when it was made. */
export class NativeRows {
  readonly #iterator: NativeIterator;

  constructor(iterator: NativeIterator) {
    this.#iterator = iterator;
  }

  /** Key, value, key, value; empty at the end. */
  read(count: number): readonly Uint8Array[] {
    return this.#iterator._nextvSync(count).rows;
  }

  close(): void {
    this.#iterator._closeSync();
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
  let root = error;
  while (root instanceof Error && root.cause instanceof Error) root = root.cause;
  if (!(root instanceof Error)) return { code: "", message: String(root) };
  return { code: "code" in root ? String(root.code) : "", message: root.message };
}

/** A `Uint8Array` on the bytes of a `Buffer`, which is its own. */
function plain(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
