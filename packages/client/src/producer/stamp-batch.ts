import { ClusterError } from "@millrace/cluster";
import { invariant } from "@millrace/model";
import {
  addToSequence,
  readBatchHeader,
  writeBatchHeader,
  type Compression,
  type CompressionName,
} from "@millrace/protocol/records";
import type { PartitionBatches, ProducerBatch, ProducerIdentity } from "./partition-batches.ts";

export interface StampOptions {
  readonly identity: ProducerIdentity;
  readonly isTransactional: boolean;
  readonly compression: CompressionName;
  readonly codecs: Compression | undefined;
}

/**
 * Gives a batch its identity and sequence, and its bytes. CLIENT-5: the sequences of a partition's batches
 * follow each other without a gap, in the order of their records, within one identity. A batch that was
 * stamped before keeps its stamp, unless its partition had to begin anew.
 *
 * @throws ClusterError `TRANSACTION_ABORTED` where nobody can know which sequence comes next
 */
export function stampBatch(batch: ProducerBatch, options: StampOptions): void {
  const { owner } = batch;
  const { identity } = options;
  if (owner.restart !== undefined && !mayBeKnown(batch, identity)) restart(owner, batch, identity);
  const { producerId, producerEpoch } = identity;
  const isNew = batch.identity === undefined;
  if (isNew) takeSequence(batch, identity);
  const { baseSequence } = batch;
  if (batch.bytes === undefined) {
    const { isTransactional, compression, codecs } = options;
    // A half of a batch has the identity of the whole.
    const stamp = batch.identity ?? identity;
    batch.bytes = batch.builder.build({
      producerId: stamp.producerId,
      producerEpoch: stamp.producerEpoch,
      baseSequence,
      isTransactional,
      compression,
      codecs,
    });
  } else if (isNew) {
    // A copy: what was sent before may still lie with the socket.
    const bytes = batch.bytes.slice();
    const header = readBatchHeader(bytes, 0);
    const stamp = { producerId, producerEpoch, baseSequence };
    writeBatchHeader(bytes, 0, bytes.length, { ...header, ...stamp });
    batch.bytes = bytes;
  }
}

function takeSequence(batch: ProducerBatch, identity: ProducerIdentity): void {
  const { owner } = batch;
  if (owner.identity !== identity) {
    invariant(owner.inFlight.length === 0, "CLIENT-5", "an identity changes under way");
    owner.identity = identity;
    owner.nextSequence = 0;
  }
  batch.identity = identity;
  batch.baseSequence = owner.nextSequence;
  owner.nextSequence = addToSequence(owner.nextSequence, batch.recordCount);
}

/**
 * True: it may be written, and only by its stamp would the broker know it again. One that the broker does not know is
 * refused there, and begins anew then.
 */
function mayBeKnown(batch: ProducerBatch, identity: ProducerIdentity): boolean {
  return batch.mayBeWritten && batch.identity !== undefined && batch.identity !== identity;
}

/** Sequences of a partition are lost: in a new identity all begin anew, in the same one those behind move up. */
function restart(owner: PartitionBatches, head: ProducerBatch, identity: ProducerIdentity): void {
  const { restart: lost } = owner;
  invariant(owner.inFlight.length === 0, "CLIENT-5", "a sequence restarts under way");
  const isSame = owner.identity === identity;
  const isLost = ({ ordinal }: ProducerBatch) => !isSame || ordinal >= (lost?.ordinal ?? 0);
  const behind = [head, ...owner.queue].filter(isLost);
  // It could still arrive, and would be taken for one of those that get its sequence now.
  if (isSame && behind.some(({ mayBeWritten }) => mayBeWritten))
    throw new ClusterError(
      "TRANSACTION_ABORTED",
      "the transaction cannot be committed: a batch behind a refused one was lost; call abort, and start again",
      { retriable: true },
    );
  owner.restart = undefined;
  owner.identity = identity;
  owner.nextSequence = isSame ? (lost?.sequence ?? 0) : 0;
  for (const batch of behind) {
    batch.identity = undefined;
    batch.mayBeWritten = false;
  }
}
