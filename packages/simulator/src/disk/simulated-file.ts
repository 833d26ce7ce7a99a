import type { SeededRandom } from "@millrace/platform";
import { GrowingBytes } from "@millrace/platform/memory";

/** What a device writes whole, or not at all (but for a torn last one). */
export const sectorBytes = 512;

interface Patch {
  readonly position: number;
  readonly bytes: Uint8Array;
}

/** A sync under way: what it will make durable. */
export interface PendingSync {
  readonly patches: readonly Patch[];
  readonly sizeBytes: number;
  /** The least size to which the file was cut since the sync before. */
  readonly cutBytes: number;
}

/**
 * A file twice: as processes see it (page cache), and as the device has it.
 *
 *   write --> cache, dirty sectors --beginSync--> pending sync (a copy) --completeSync--> device
 *                       \                               \--failSync--> lost, though the cache still shows it
 *                        \---- crash: a random subset of the sectors --------------------> device
 */
export class SimulatedFile {
  readonly kind = "file";
  readonly cache = new GrowingBytes();
  readonly #device = new GrowingBytes();
  readonly #dirty = new Set<number>();
  readonly #unreadable = new Set<number>();
  #cutBytes = Infinity;
  #pending: PendingSync[] = [];

  get unsyncedSectors(): number {
    return this.#dirty.size;
  }

  write(bytes: Uint8Array, position: number): void {
    if (bytes.length === 0) return;
    // The gap behind the old end is new too.
    this.#touch(Math.min(position, this.cache.length), position + bytes.length);
    this.cache.write(bytes, position);
  }

  truncate(sizeBytes: number): void {
    const before = this.cache.length;
    this.cache.resize(sizeBytes);
    if (sizeBytes < before) {
      this.#cutBytes = Math.min(this.#cutBytes, sizeBytes);
      for (const sector of this.#dirty)
        if (sector * sectorBytes >= sizeBytes) this.#dirty.delete(sector);
    } else if (sizeBytes > before) {
      this.#touch(before, sizeBytes);
    }
  }

  beginSync(): PendingSync {
    const sync = {
      patches: this.#dirtyPatches(),
      sizeBytes: this.cache.length,
      cutBytes: this.#cutBytes,
    };
    this.#dirty.clear();
    this.#cutBytes = Infinity;
    this.#pending.push(sync);
    return sync;
  }

  /** A sync waits for those that began before it: they are done with it. */
  completeSync(sync: PendingSync): void {
    const index = this.#pending.indexOf(sync);
    for (const done of this.#pending.splice(0, index + 1)) this.#apply(done);
  }

  /** The kernel takes the pages for clean from now on: a second sync would succeed, and save nothing. */
  failSync(sync: PendingSync): void {
    const index = this.#pending.indexOf(sync);
    if (index !== -1) this.#pending.splice(index, 1);
  }

  /** Power fails: each sector that was on its way reaches the device, or not. */
  crash(random: SeededRandom): void {
    if (this.cache.length === 0 && this.#device.length === 0) return;
    const unsynced: PendingSync = {
      patches: this.#dirtyPatches(),
      sizeBytes: this.cache.length,
      cutBytes: this.#cutBytes,
    };
    const hasUnsynced = this.#pending.length > 0 || this.#dirty.size > 0;
    if (hasUnsynced || this.#cutBytes !== Infinity)
      for (const sync of [...this.#pending, unsynced]) if (!this.#applySome(sync, random)) break;
    this.#pending = [];
    this.#dirty.clear();
    this.#cutBytes = Infinity;
    this.cache.resize(0);
    this.cache.write(this.#device.view(0, this.#device.length), 0);
  }

  /** @returns false: the page cache has it, and nobody asks the device */
  spoilSector(position: number): boolean {
    const sector = Math.floor(position / sectorBytes);
    if (this.#dirty.has(sector)) return false;
    this.#unreadable.add(sector);
    return true;
  }

  isReadable(start: number, end: number): boolean {
    if (this.#unreadable.size === 0) return true;
    for (const sector of this.#unreadable)
      if (sector * sectorBytes < end && (sector + 1) * sectorBytes > start) return false;
    return true;
  }

  /** Changes one byte in the cache and on the device, behind everybody's back. */
  flipByte(position: number): void {
    for (const bytes of [this.cache, this.#device]) {
      const [value] = bytes.view(position, position + 1);
      if (value !== undefined) bytes.write(Uint8Array.of(value ^ 0xff), position);
    }
  }

  #touch(start: number, end: number): void {
    const last = Math.floor((end - 1) / sectorBytes);
    for (let sector = Math.floor(start / sectorBytes); sector <= last; sector++) {
      this.#dirty.add(sector);
      if (this.#unreadable.size > 0) this.#unreadable.delete(sector);
    }
  }

  /** Neighbouring sectors in one piece. */
  #dirtyPatches(): Patch[] {
    const sectors = [...this.#dirty].sort((left, right) => left - right);
    const patches: Patch[] = [];
    for (let index = 0; index < sectors.length;) {
      const first = sectors[index];
      let next = index + 1;
      while (next < sectors.length && sectors[next] === first + (next - index)) next++;
      const position = first * sectorBytes;
      const end = (first + (next - index)) * sectorBytes;
      patches.push({ position, bytes: this.cache.view(position, end).slice() });
      index = next;
    }
    return patches;
  }

  #apply(sync: PendingSync): void {
    if (sync.cutBytes < this.#device.length) this.#device.resize(sync.cutBytes);
    for (const { position, bytes } of sync.patches) this.#device.write(bytes, position);
    this.#device.resize(sync.sizeBytes);
  }

  /** False: a cut is lost, and with it all that was done after it, which would else be seen before it. */
  #applySome(sync: PendingSync, random: SeededRandom): boolean {
    if (sync.cutBytes < this.#device.length) {
      if (random.chance(0.5)) return false;
      this.#device.resize(sync.cutBytes);
    }
    const share = crashShare(random);
    for (const { position, bytes } of sync.patches) {
      for (let start = 0; start < bytes.length; start += sectorBytes) {
        if (!random.chance(share)) continue;
        const isLast = start + sectorBytes >= bytes.length;
        const whole = Math.min(sectorBytes, bytes.length - start);
        const length = isLast && random.chance(0.5) ? 1 + random.below(whole) : whole;
        this.#device.write(bytes.subarray(start, start + length), position + start);
      }
    }
    return true;
  }
}

/** Nothing, all, or some of what was unsynced: the extremes are what power losses mostly show. */
function crashShare(random: SeededRandom): number {
  const choice = random.below(4);
  if (choice === 0) return 0;
  if (choice === 1) return 1;
  return random.fraction();
}
