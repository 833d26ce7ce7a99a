import type { SeededRandom } from "@millrace/platform";
import { notFound, partsOf, wrongKind } from "@millrace/platform/memory";
import type { Incarnation } from "../world/incarnation.ts";
import { SimulatedDirectory, type SimulatedNode } from "./simulated-directory.ts";
import { SimulatedFile } from "./simulated-file.ts";

interface DiskLock {
  readonly holder: Incarnation;
  note: string;
}

/** A device with its page cache. It outlives processes; `powerLoss` takes what is not synced. */
export class SimulatedDisk {
  readonly name: string;
  readonly locks = new Map<string, DiskLock>();
  readonly #root = new SimulatedDirectory();
  readonly #directories = new Set<SimulatedDirectory>([this.#root]);
  /** Writes that would need more are refused with `DISK_FULL`. */
  capacityBytes: number;
  /** Sum of the sizes of the files that have a name. */
  usedBytes = 0;

  constructor(name: string, capacityBytes: number) {
    this.name = name;
    this.capacityBytes = capacityBytes;
  }

  /** Changes one byte of a file: silent corruption. */
  flipByte(path: string, position: number): void {
    const node = this.find(path);
    if (node?.kind !== "file") throw notFound(path);
    node.flipByte(position);
  }

  /** All that is there now is durable: to prepare a disk before the program starts. */
  syncAll(directory: SimulatedDirectory = this.#root): void {
    directory.beginSync()();
    for (const node of directory.entries.values()) {
      if (node.kind === "directory") this.syncAll(node);
      else node.completeSync(node.beginSync());
    }
  }

  /** All processes on it must be dead. */
  powerLoss(random: SeededRandom): void {
    for (const directory of this.#directories) directory.crash(random);
    for (const directory of this.#directories) directory.reload();
    this.#directories.clear();
    this.usedBytes = 0;
    this.#crashFiles(this.#root, random);
  }

  addFile(directory: SimulatedDirectory, name: string): SimulatedFile {
    const file = new SimulatedFile();
    SimulatedDirectory.change({ directory, name, node: file });
    return file;
  }

  addDirectory(directory: SimulatedDirectory, name: string): SimulatedDirectory {
    const added = new SimulatedDirectory();
    this.#directories.add(added);
    SimulatedDirectory.change({ directory, name, node: added });
    return added;
  }

  get root(): SimulatedDirectory {
    return this.#root;
  }

  find(path: string): SimulatedNode | undefined {
    return this.#at(partsOf(path));
  }

  #at(parts: readonly string[]): SimulatedNode | undefined {
    let node: SimulatedNode | undefined = this.#root;
    for (const part of parts) {
      if (node?.kind !== "directory") return undefined;
      node = node.entries.get(part);
    }
    return node;
  }

  directory(path: string): SimulatedDirectory {
    return this.#directoryAt(partsOf(path));
  }

  #directoryAt(parts: readonly string[]): SimulatedDirectory {
    const node = this.#at(parts);
    if (node?.kind === "directory") return node;
    const path = parts.join("/");
    throw node === undefined ? notFound(path) : wrongKind(path, "directory");
  }

  place(path: string): { readonly directory: SimulatedDirectory; readonly name: string } {
    const parts = partsOf(path);
    const name = parts.at(-1);
    if (name === undefined) throw wrongKind(path, "file");
    return { directory: this.#directoryAt(parts.slice(0, -1)), name };
  }

  /** What no name leads to any more is forgotten. */
  #crashFiles(directory: SimulatedDirectory, random: SeededRandom): void {
    this.#directories.add(directory);
    for (const node of directory.entries.values()) {
      if (node.kind === "directory") {
        this.#crashFiles(node, random);
        continue;
      }
      node.crash(random);
      this.usedBytes += node.cache.length;
    }
  }
}
