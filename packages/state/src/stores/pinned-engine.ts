import { toHex, type Offset } from "@millrace/model";
import type { StoreForm } from "../contract/task-stores.ts";
import type { EntryCursor, StoreEngine } from "../contract/store-engine.ts";
import {
  decodeForm,
  decodeOwner,
  nameOf,
  namePrefix,
  offsetPrefix,
  ownerPrefix,
  readInt64,
  readUint16,
  requireKnownVersion,
  versionKey,
  type StoreOwner,
} from "./engine-keys.ts";

/** A store as an engine has it. */
export interface PinnedStore extends StoreForm {
  readonly name: string;
  /** Below which the changelog is in it; undefined: what it holds is not covered by one. */
  readonly offset: Offset | undefined;
  /** Undefined: nobody has said. */
  readonly owner: StoreOwner | undefined;
}

/**
 * All that an engine holds as of one moment, store by store, whatever stores are open on it: `while (pinned.next())`. What
 * was not committed is not there, nor are stores that the caller does not ask for.
 *
 * @throws StateError `STORE_FORMAT_TOO_NEW`, `STORE_CLOSED`
 */
export class PinnedEngine implements Disposable {
  readonly #cursor: EntryCursor;
  readonly #byPrefix = new Map<number, PinnedStore>();
  /** True: the cursor stands on a row that was not shown. */
  #isAhead = false;
  #store: PinnedStore | undefined;

  constructor(engine: StoreEngine, has: (store: string) => boolean = () => true) {
    this.#cursor = engine.pin();
    try {
      this.#readStores(has);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** In the order of their rows. */
  get stores(): readonly PinnedStore[] {
    return [...this.#byPrefix].sort(([one], [other]) => one - other).map(([, store]) => store);
  }

  /** To the next row of a store. */
  next(): boolean {
    while (this.#isAhead || this.#cursor.next()) {
      this.#isAhead = false;
      this.#store = this.#byPrefix.get(readUint16(this.#cursor.key, 0));
      if (this.#store !== undefined) return true;
    }
    return false;
  }

  /** Of the row. */
  get store(): PinnedStore | undefined {
    return this.#store;
  }

  /** As the store knows it: a view. */
  get key(): Uint8Array {
    return this.#cursor.key.subarray(2);
  }

  get value(): Uint8Array {
    return this.#cursor.value;
  }

  [Symbol.dispose](): void {
    this.#cursor[Symbol.dispose]();
  }

  /** They lie before all rows. */
  #readStores(has: (store: string) => boolean): void {
    const names = new Map<string, { name: string; form: StoreForm }>();
    const offsets = new Map<string, Offset>();
    const owners = new Map<string, StoreOwner>();
    while (this.#cursor.next()) {
      const { key, value } = this.#cursor;
      if (readUint16(key, 0) !== 0) {
        this.#isAhead = true;
        break;
      }
      const id = toHex(key.subarray(versionKey.length));
      if (key[2] === versionKey[2]) requireKnownVersion(readUint16(value, 0));
      else if (key[2] === offsetPrefix[2]) offsets.set(id, readInt64(value));
      else if (key[2] === ownerPrefix[2]) owners.set(id, decodeOwner(value));
      else if (key[2] === namePrefix[2]) {
        const { prefix, ...form } = decodeForm(value);
        const name = nameOf(key);
        if (has(name)) names.set(toHex(prefix), { name, form });
      }
    }
    for (const [id, { name, form }] of names)
      this.#byPrefix.set(Number.parseInt(id, 16), {
        name,
        ...form,
        offset: offsets.get(id),
        owner: owners.get(id),
      });
  }
}
