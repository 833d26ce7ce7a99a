import type { Platform } from "@millrace/platform";

import type { TopicIdStore } from "../runtime/topic-id-store.ts";
import { readJsonFile, writeJsonFile } from "./json-file.ts";

const name = "millrace-topics";

/**
 * The ids of inputs and internal topics in a file of the state directory: another topic of the same name is noticed
 * at a start, too.
 */
export class TopicIdFile implements TopicIdStore {
  readonly path: string;
  readonly #platform: Platform;
  readonly #directory: string;
  #writing: Promise<void> = Promise.resolve();

  constructor(platform: Platform, directory: string) {
    this.#platform = platform;
    this.#directory = directory;
    this.path = `${directory}/${name}`;
  }

  /** Nothing where the file is damaged: wrong ids would tell of topics that were made anew, and cost the state. */
  read(): ReadonlyMap<string, string> {
    const { path } = this;
    const content = readJsonFile(this.#platform, path);
    if (content === undefined) return new Map();
    const ids = content === "damaged" ? undefined : content["topics"];
    if (typeof ids === "object" && ids !== null)
      return new Map(
        Object.entries(ids).filter((entry): entry is [string, string] => isText(entry[1])),
      );
    this.#platform.logger.log("warn", "streams.topic-ids-damaged", { path });
    return new Map();
  }

  /** One after the other: the loops of a process share the file. */
  async write(ids: ReadonlyMap<string, string>): Promise<void> {
    const place = { directory: this.#directory, name };
    const written = this.#writing.then(() =>
      writeJsonFile(this.#platform, place, { topics: Object.fromEntries(ids) }),
    );
    this.#writing = written.catch(() => {});
    await written;
  }
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}
