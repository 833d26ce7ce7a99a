import { SnapshotError } from "../contract/snapshot-error.ts";
import type { SnapshotStore } from "../contract/snapshot-store.ts";
import type { EngineEntry } from "../contract/store-engine.ts";
import { checksumOf } from "./block-checksum.ts";
import { rowsOf } from "./rows-of.ts";
import { snapshotFolder, type SnapshotOwner } from "./snapshot-folders.ts";
import { decodeManifest } from "./manifest-bytes.ts";
import { manifestFile, type SnapshotManifest, type SnapshotOfStore } from "./snapshot-manifest.ts";

/** A snapshot that is whole, as far as its manifest tells. */
export class Snapshot {
  readonly id: string;
  readonly manifest: SnapshotManifest;
  readonly #store: SnapshotStore;
  readonly #folder: string;

  private constructor(
    store: SnapshotStore,
    { id, folder }: { readonly id: string; readonly folder: string },
    manifest: SnapshotManifest,
  ) {
    this.id = id;
    this.manifest = manifest;
    this.#store = store;
    this.#folder = folder;
  }

  /**
   * @returns undefined: it is a half, whose writer has ended, or is at it
   * @throws SnapshotError `SNAPSHOT_DAMAGED`, `SNAPSHOT_TOO_NEW`, `SNAPSHOT_STORE_FAILED`
   */
  static async open(
    store: SnapshotStore,
    {
      id,
      signal,
      ...owner
    }: SnapshotOwner & { readonly id: string; readonly signal?: AbortSignal },
  ): Promise<Snapshot | undefined> {
    const folder = snapshotFolder({ ...owner, id });
    const place = `${store.place}/${folder}${manifestFile}`;
    const bytes = await store.get(`${folder}${manifestFile}`, signal);
    if (bytes === undefined) return undefined;
    const manifest = decodeManifest(bytes, place);
    if (manifest.application !== owner.application || manifest.task !== owner.task)
      throw new SnapshotError(
        "SNAPSHOT_DAMAGED",
        `the snapshot ${place} is one of task ${manifest.task} of ${manifest.application}: it was moved, and what lies elsewhere cannot be told by its name`,
      );
    return new Snapshot(store, { id, folder }, manifest);
  }

  /** False: somebody has removed it, or is at it. */
  async isThere(signal?: AbortSignal): Promise<boolean> {
    return (await this.#store.get(`${this.#folder}${manifestFile}`, signal)) !== undefined;
  }

  /**
   * The rows of a store, a block at a time, each checked before anything of it is given.
   *
   * @throws SnapshotError `SNAPSHOT_DAMAGED`, `SNAPSHOT_STORE_FAILED`
   */
  async *blocks(
    { blocks }: SnapshotOfStore,
    signal?: AbortSignal,
  ): AsyncGenerator<Iterable<EngineEntry>> {
    for (const { file, rows, lengthBytes, checksum } of blocks) {
      const bytes = await this.#store.get(`${this.#folder}${file}`, signal);
      if (bytes === undefined || bytes.length !== lengthBytes || checksumOf(bytes) !== checksum)
        throw new SnapshotError(
          "SNAPSHOT_DAMAGED",
          `${this.#store.place}/${this.#folder}${file} is ${bytes === undefined ? "not there" : "damaged: it is not what was written"}`,
        );
      const entries = rowsOf(bytes, rows);
      if (entries === undefined)
        throw new SnapshotError(
          "SNAPSHOT_DAMAGED",
          `${this.#store.place}/${this.#folder}${file} holds no ${rows} rows, although its checksum does`,
        );
      yield entries;
    }
  }
}
