import { walkSnapshot } from "@millrace/protocol/records";
import { readWholeFile } from "../checkpoint/checkpoint-file.ts";
import type { LogCheckOptions, LogFinding } from "./log-finding.ts";

/** Kafka: `Snapshots.filenameFromSnapshotId`. */
const snapshotName = /^\d{20}-\d{10}\.checkpoint$/;

/** Of the metadata; they stand for the log that was deleted below them, so that no start and no repair mends them. */
export function checkMetadataSnapshots({
  platform: { fileSystem },
  path,
}: LogCheckOptions): readonly LogFinding[] {
  const files = fileSystem.list(path).filter((name) => snapshotName.test(name));
  return files.flatMap((name): LogFinding[] => {
    const file = `${path}/${name}`;
    const fault = walkSnapshot(readWholeFile(fileSystem, file) ?? new Uint8Array(0), () => {});
    const none = { firstOffset: -1, lastOffset: -1 };
    return fault === undefined ? [] : [{ kind: "damage", path: file, ...fault, ...none }];
  });
}
