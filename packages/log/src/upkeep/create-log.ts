import { encodeUtf8 } from "@millrace/model";
import { partitionMetadataName, partitionMetadataOf } from "../checkpoint/partition-metadata.ts";
import { ProducerSnapshots } from "../producer/producer-snapshots.ts";
import { ProducerStates } from "../producer/producer-states.ts";
import { DirtyFiles } from "../segment/dirty-files.ts";
import { LeaderEpochs } from "../segment/leader-epochs.ts";
import { LogSegment } from "../segment/log-segment.ts";
import type { RecoveredLog } from "./recover-log.ts";
import type { RecoveryOptions } from "./recovery-options.ts";

/**
 * Makes a log whose folder is not there. Nothing of it is on the device before its first sync: a power loss leaves
 * nothing, or a folder that holds what nobody was told of.
 *
 * @throws FileSystemError
 */
export function createLog(options: RecoveryOptions): RecoveredLog {
  const { platform, path, topicId, partition, config } = options;
  const { fileSystem } = platform;
  const dirty = new DirtyFiles(fileSystem, path, config.isSyncedWhileOpen);
  fileSystem.makeDirectory(path);
  dirty.addFolder(options.syncParent);
  try {
    if (topicId !== undefined) {
      const metadata = fileSystem.open(`${path}/${partitionMetadataName}`, "create");
      dirty.addHandles([metadata]);
      metadata.write([encodeUtf8(partitionMetadataOf({ topicId, partition }))], 0);
    }
    const segment = new LogSegment(fileSystem, path, 0, platform.clock.wallMs());
    segment.create();
    dirty.addSegment(segment);
    return {
      segments: [segment],
      producers: new ProducerStates(),
      snapshots: new ProducerSnapshots(fileSystem, path, platform.logger),
      epochs: new LeaderEpochs(),
      report: { wasClean: false, scannedBytes: 0, recoveryPoint: 0 },
      dirty,
    };
  } catch (error) {
    dirty.closeHandles();
    for (const name of fileSystem.list(path)) fileSystem.remove(`${path}/${name}`);
    fileSystem.removeDirectory(path);
    throw error;
  }
}
