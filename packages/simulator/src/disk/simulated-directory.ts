import type { SeededRandom } from "@millrace/platform";
import type { SimulatedFile } from "./simulated-file.ts";

export type SimulatedNode = SimulatedFile | SimulatedDirectory;

interface Change {
  readonly directory: SimulatedDirectory;
  readonly name: string;
  /** Undefined: the name goes. */
  readonly node: SimulatedNode | undefined;
}

/** Changes that reach the device together (the two of a rename). */
interface DirectoryOperation {
  readonly changes: readonly Change[];
}

/** Names, as processes see them and as the device has them; in between, what was done since, in order. */
export class SimulatedDirectory {
  readonly kind = "directory";
  entries = new Map<string, SimulatedNode>();
  readonly #device = new Map<string, SimulatedNode>();
  #pending: DirectoryOperation[] = [];

  get unsyncedOperations(): number {
    return this.#pending.length;
  }

  static change(...changes: readonly Change[]): void {
    const operation = { changes };
    for (const { directory, name, node } of changes) {
      if (node === undefined) directory.entries.delete(name);
      else directory.entries.set(name, node);
      if (directory.#pending.at(-1) !== operation) directory.#pending.push(operation);
    }
  }

  /** Makes durable what was pending when the sync began. */
  beginSync(): () => void {
    const last = this.#pending.at(-1);
    return () => {
      if (last !== undefined) this.#applyThrough(last);
    };
  }

  /** A prefix of what is pending reaches the device, in order. The entries are settled by `reload`. */
  crash(random: SeededRandom): void {
    const kept = random.below(this.#pending.length + 1);
    const last = this.#pending[kept - 1];
    if (last !== undefined) this.#applyThrough(last);
  }

  reload(): void {
    this.#pending = [];
    this.entries = new Map(this.#device);
  }

  /** An operation may concern two directories: what came before it in either goes first. */
  #applyThrough(last: DirectoryOperation): void {
    while (this.#pending.includes(last)) {
      const operation = this.#pending[0];
      for (const { directory } of operation.changes)
        if (directory !== this) directory.#applyBefore(operation);
      for (const { directory, name, node } of operation.changes) {
        if (node === undefined) directory.#device.delete(name);
        else directory.#device.set(name, node);
        const index = directory.#pending.indexOf(operation);
        if (index !== -1) directory.#pending.splice(index, 1);
      }
    }
  }

  #applyBefore(operation: DirectoryOperation): void {
    const index = this.#pending.indexOf(operation);
    if (index > 0) this.#applyThrough(this.#pending[index - 1]);
  }
}
