import type { Platform } from "@millrace/platform";

import type { TopicIdStore } from "../runtime/topic-id-store.ts";
import { readJsonFile, writeJsonFile } from "./json-file.ts";

const name = "millrace-input-topics";

/** The ids of the inputs in a file of the state directory: another topic of the same name is noticed at a start, too. */
export class TopicIdFile implements TopicIdStore {
  readonly #platform: Platform;
  readonly #directory: string;

  constructor(platform: Platform, directory: string) {
    this.#platform = platform;
    this.#directory = directory;
  }

  read(): ReadonlyMap<string, string> {
    const content = readJsonFile(this.#platform, `${this.#directory}/${name}`);
    return new Map(
      Object.entries(content).filter((entry): entry is [string, string] => isText(entry[1])),
    );
  }

  async write(ids: ReadonlyMap<string, string>): Promise<void> {
    const place = { directory: this.#directory, name };
    await writeJsonFile(this.#platform, place, Object.fromEntries(ids));
  }
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}
