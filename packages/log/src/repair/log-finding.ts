import type { Offset } from "@millrace/model";
import type { FileSystem, Platform, Timers } from "@millrace/platform";

/**
 * What a look at files has found.
 *
 * - `damage`: records that were written are not there, or not as they were. A start does not mend it.
 * - `tail`: what a crash has torn, above what was durable; the next start sets it aside.
 * - `cache`: what the next start makes anew from the log.
 */
export interface LogFinding {
  readonly kind: "damage" | "tail" | "cache";
  readonly path: string;
  /** Byte where it begins. */
  readonly position: number;
  /** Offsets that are concerned, both ends included; -1: none. */
  readonly firstOffset: Offset;
  readonly lastOffset: Offset;
  readonly reason: string;
}

/** How far a long look has come. */
export interface LogProgress {
  readonly path: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface LogCheckOptions {
  readonly platform: Pick<Platform, "fileSystem" | "clock"> & {
    readonly timers: Pick<Timers, "yield">;
  };
  /** A data folder, or the folder of one partition. */
  readonly path: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: LogProgress) => void;
}

/** A finding that is about a whole file. */
export function findingOf(kind: LogFinding["kind"], path: string, reason: string): LogFinding {
  return { kind, path, position: 0, firstOffset: -1, lastOffset: -1, reason };
}

export function sizeOf(fileSystem: FileSystem, path: string): number {
  return fileSystem.stat(path)?.sizeBytes ?? 0;
}
