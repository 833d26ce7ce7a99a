import type { FileHandle, FileSystem } from "@millrace/platform";
import { makeDurableDirectory } from "../checkpoint/make-durable-directory.ts";

const folderName = "set-aside";
const copyBytes = 4_194_304;

/** A folder of its own for what one repair takes out of use: `<root>/set-aside/<n>`. */
export class KeptFolder {
  readonly path: string;
  readonly #fileSystem: FileSystem;

  private constructor(fileSystem: FileSystem, path: string) {
    this.#fileSystem = fileSystem;
    this.path = path;
  }

  static async make(fileSystem: FileSystem, root: string): Promise<KeptFolder> {
    const parent = `${root}/${folderName}`;
    await makeDurableDirectory(fileSystem, parent);
    const taken = fileSystem.list(parent).map(Number).filter(Number.isInteger);
    const path = `${parent}/${Math.max(0, ...taken) + 1}`;
    await makeDurableDirectory(fileSystem, path);
    return new KeptFolder(fileSystem, path);
  }

  /** A whole copy, on the device. The file stays. */
  async copy(source: string): Promise<string> {
    const target = await this.#targetOf(source);
    await copyFile(this.#fileSystem, source, target);
    await this.#fileSystem.syncDirectory(folderOf(target));
    return target;
  }

  /** Moves a file here; a missing one is fine. */
  async move(source: string): Promise<void> {
    if (this.#fileSystem.stat(source) === undefined) return;
    const target = await this.#targetOf(source);
    this.#fileSystem.rename(source, target);
    await this.#fileSystem.syncDirectory(folderOf(target));
  }

  async #targetOf(source: string): Promise<string> {
    const [folder, name] = source.split("/").slice(-2);
    const directory = `${this.path}/${folder}`;
    await makeDurableDirectory(this.#fileSystem, directory);
    return `${directory}/${name}`;
  }
}

/** A whole file as a new one, on the device. */
async function copyFile(fileSystem: FileSystem, source: string, target: string): Promise<void> {
  const from = fileSystem.open(source, "read");
  const to = fileSystem.open(target, "openOrCreate");
  try {
    to.truncate(0);
    copyRange(from, to, { start: 0, end: from.sizeBytes(), at: 0 });
    await to.datasync();
  } finally {
    from.close();
    to.close();
  }
}

/** Copies [start, end) of a file to a position of another. */
export function copyRange(
  from: FileHandle,
  to: FileHandle,
  { start, end, at }: { readonly start: number; readonly end: number; readonly at: number },
): void {
  for (let position = start; position < end; position += copyBytes) {
    const bytes = new Uint8Array(Math.min(copyBytes, end - position));
    const count = from.read(bytes, position);
    to.write([bytes.subarray(0, count)], at + position - start);
  }
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
