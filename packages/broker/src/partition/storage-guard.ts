import { LogStorageError } from "@millrace/log";
import type { Platform } from "@millrace/platform";

/** The device is asked at most this often. */
const checkIntervalMs = 1000;

/**
 * Keeps a reserve on the device: clients' records are refused while less is free, so that markers, offset commits
 * and metadata can still be written, and records be deleted. It opens again by itself.
 */
export class StorageGuard {
  readonly #platform: Platform;
  readonly #path: string;
  readonly #reserveBytes: number;
  #checkedMs = Number.NEGATIVE_INFINITY;
  #isFull = false;

  constructor(platform: Platform, path: string, reserveBytes: number) {
    this.#platform = platform;
    this.#path = path;
    this.#reserveBytes = reserveBytes;
  }

  /** @throws LogStorageError `WRITE_FAILED` while the device is as good as full */
  admitWrite(): void {
    if (this.#reserveBytes === 0) return;
    const nowMs = this.#platform.clock.monotonicMs();
    if (nowMs - this.#checkedMs >= checkIntervalMs) this.#check(nowMs);
    if (this.#isFull)
      throw new LogStorageError(
        "WRITE_FAILED",
        `less than ${this.#reserveBytes} bytes are free for ${this.#path}: delete records or topics, or make room; writing goes on by itself then`,
      );
  }

  #check(nowMs: number): void {
    this.#checkedMs = nowMs;
    const wasFull = this.#isFull;
    this.#isFull = this.#platform.fileSystem.freeBytes(this.#path) < this.#reserveBytes;
    if (this.#isFull !== wasFull)
      this.#platform.logger.log("warn", this.#isFull ? "broker.disk-full" : "broker.disk-resumed", {
        path: this.#path,
      });
  }
}
