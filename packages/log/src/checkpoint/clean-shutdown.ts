import { decodeUtf8, encodeUtf8 } from "@millrace/model";
import type { FileSystem } from "@millrace/platform";
import { readWholeFile, replaceFile } from "./checkpoint-file.ts";

const cleanShutdownName = ".kafka_cleanshutdown";
/** Where Kafka's brokers note the epoch of their registration. */
const brokerEpoch = -1;

/** The marker of an orderly close, with Kafka's name and content (Kafka: `CleanShutdownFileHandler`). */
export class CleanShutdown {
  readonly #fileSystem: FileSystem;
  readonly #directory: string;

  constructor(fileSystem: FileSystem, directory: string) {
    this.#fileSystem = fileSystem;
    this.#directory = directory;
  }

  get #path(): string {
    return `${this.#directory}/${cleanShutdownName}`;
  }

  /** Whether there was one; the caller makes durable that there is none any more. */
  take(): boolean {
    const wasThere = this.isThere;
    this.#fileSystem.remove(this.#path);
    return wasThere;
  }

  async leave(): Promise<void> {
    const content = encodeUtf8(JSON.stringify({ version: 0, brokerEpoch }));
    await replaceFile(this.#fileSystem, this.#path, content);
  }

  /**
   * A marker that does not parse counts as none: scanning is always safe. So does that of Apache Kafka, which stopped
   * in order, and writes no records of segments.
   */
  get isThere(): boolean {
    const bytes = readWholeFile(this.#fileSystem, this.#path);
    if (bytes === undefined) return false;
    try {
      const content: unknown = JSON.parse(decodeUtf8(bytes));
      return (
        typeof content === "object" &&
        content !== null &&
        "version" in content &&
        "brokerEpoch" in content &&
        content.brokerEpoch === brokerEpoch
      );
    } catch {
      return false;
    }
  }
}
