import type { TopicPartition } from "@millrace/model";
import type { FileSystem, Random } from "@millrace/platform";
import { readWholeFile } from "./checkpoint/checkpoint-file.ts";
import { partitionMetadataName, topicIdIn } from "./checkpoint/partition-metadata.ts";

/** Most bytes of a name, on every file system that counts. */
const nameBytesMax = 255;
const deletedSuffix = "-delete";
const straySuffix = "-stray";
/** `<topic>-<n>.<id><suffix>`. */
const movedPattern = /-\d+\.[0-9a-f]+(-delete|-stray)$/;

/** The folder of a partition, as it lies in a log directory. */
export interface PartitionFolder extends TopicPartition {
  /** Of the topic that it was made for; undefined where it does not say, no longer, or is another partition's. */
  readonly topicId: string | undefined;
  /** There is no byte of a log in it: it was made, and nothing came of it. */
  readonly isBlank: boolean;
}

/** A folder that was moved aside. */
export interface StrayFolder {
  readonly path: string;
  readonly sizeBytes: number;
}

/** The folders of a log directory, by Kafka's names: `<topic>-<n>`, and those with an end of `-delete` or `-stray`. */
export class PartitionFolders {
  readonly #fileSystem: FileSystem;
  /** Of the directory. */
  readonly path: string;
  readonly #random: Random;

  constructor(fileSystem: FileSystem, directory: string, random: Random) {
    this.#fileSystem = fileSystem;
    this.path = directory;
    this.#random = random;
  }

  list(): readonly TopicPartition[] {
    return this.#directories().flatMap((name) => {
      const match = /^(.+)-(0|[1-9]\d*)$/.exec(name);
      return match === null ? [] : [{ topic: match[1], partition: Number(match[2]) }];
    });
  }

  /** Undefined where there is none. */
  find({ topic, partition }: TopicPartition): PartitionFolder | undefined {
    const path = this.pathOf({ topic, partition });
    if (this.#fileSystem.stat(path)?.kind !== "directory") return undefined;
    const bytes = readWholeFile(this.#fileSystem, `${path}/${partitionMetadataName}`);
    const topicId = bytes === undefined ? undefined : topicIdIn(bytes, partition);
    return { topic, partition, topicId, isBlank: this.#isBlank(path) };
  }

  pathOf({ topic, partition }: TopicPartition): string {
    return `${this.path}/${topic}-${partition}`;
  }

  /** Renames a folder so that it is recognised as rubbish, whatever happens next; undefined where there is none. */
  doom(partition: TopicPartition): string | undefined {
    if (this.#fileSystem.stat(this.pathOf(partition)) === undefined) return undefined;
    return this.#rename(partition, deletedSuffix);
  }

  /** Renames a folder so that nothing takes it for a partition, and nothing removes it. */
  setAside(partition: TopicPartition): StrayFolder {
    const path = this.#rename(partition, straySuffix);
    return { path, sizeBytes: this.#sizeOf(path) };
  }

  /** Folders that were set aside, now or at an earlier start. */
  strays(): readonly StrayFolder[] {
    return this.#pathsWith(straySuffix).map((path) => ({ path, sizeBytes: this.#sizeOf(path) }));
  }

  /** Folders that an interrupted deletion left. */
  doomed(): readonly string[] {
    return this.#pathsWith(deletedSuffix);
  }

  remove(path: string): void {
    for (const name of this.#fileSystem.list(path)) this.#fileSystem.remove(`${path}/${name}`);
    this.#fileSystem.removeDirectory(path);
  }

  /** The topic's name is cut where the name would become too long, as Kafka does: the id in the folder stays whole. */
  #rename(partition: TopicPartition, suffix: string): string {
    const id = this.#random.uuid().replaceAll("-", "");
    const end = `-${partition.partition}.${id}${suffix}`;
    const target = `${this.path}/${partition.topic.slice(0, nameBytesMax - end.length)}${end}`;
    this.#fileSystem.rename(this.pathOf(partition), target);
    return target;
  }

  #isBlank(path: string): boolean {
    return this.#fileSystem.list(path).every((name) => {
      if (name.startsWith(partitionMetadataName)) return true;
      return this.#fileSystem.stat(`${path}/${name}`)?.sizeBytes === 0;
    });
  }

  #sizeOf(path: string): number {
    let sizeBytes = 0;
    for (const name of this.#fileSystem.list(path))
      sizeBytes += this.#fileSystem.stat(`${path}/${name}`)?.sizeBytes ?? 0;
    return sizeBytes;
  }

  #pathsWith(suffix: string): readonly string[] {
    return this.#directories()
      .filter((name) => movedPattern.exec(name)?.[1] === suffix)
      .map((name) => `${this.path}/${name}`);
  }

  #directories(): readonly string[] {
    return this.#fileSystem
      .list(this.path)
      .filter((name) => this.#fileSystem.stat(`${this.path}/${name}`)?.kind === "directory");
  }
}
