import type { Offset } from "@millrace/model";
import {
  decodeControlBatch,
  isControl,
  isTransactional,
  readAttributes,
  readBaseSequence,
  readLastOffsetDelta,
  readLastSequence,
  readMaxTimestamp,
  readProducerEpoch,
  readProducerId,
} from "@millrace/protocol/records";
import { LogRequestError } from "../log-error.ts";
import type { AppendOptions } from "../log-types.ts";
import type { CompletedTransaction, ProducerChanges } from "./producer-changes.ts";
import { ProducerEntry, type ProducerBatch } from "./producer-entry.ts";
import type { ProducerStates } from "./producer-states.ts";

const producerEpochMax = 32_767;
const sequenceMax = 2 ** 31 - 1;

/** `replay` takes what is stored as it is: it was checked when it was appended. */
export type ProducerAppendMode = AppendOptions | "replay";

/**
 * What an append would change in the state of producers, checked batch by batch and taken over only once the bytes
 * are written (Kafka: `ProducerAppendInfo`). Every refusal is a `LogRequestError` and leaves no trace.
 */
export class ProducerAppend implements ProducerChanges {
  readonly entries = new Map<number, ProducerEntry>();
  readonly started: { readonly producerId: number; readonly firstOffset: Offset }[] = [];
  readonly completed: CompletedTransaction[] = [];
  readonly verified: number[] = [];
  readonly #states: ProducerStates;
  readonly #mode: ProducerAppendMode;
  readonly #isVerificationEnabled: boolean;

  constructor(states: ProducerStates, mode: ProducerAppendMode, isVerificationEnabled = false) {
    this.#states = states;
    this.#mode = mode;
    this.#isVerificationEnabled = isVerificationEnabled;
  }

  /** The batch that this one repeats, of the newest five of its producer. */
  findDuplicate(bytes: Uint8Array, at: number): ProducerBatch | undefined {
    const entry = this.#states.entries.get(readProducerId(bytes, at));
    const firstSequence = readBaseSequence(bytes, at);
    const lastSequence = readLastSequence(bytes, at);
    return entry?.findDuplicate(readProducerEpoch(bytes, at), firstSequence, lastSequence);
  }

  /** Checks a batch that is to get this base offset and notes what it changes. */
  add(bytes: Uint8Array, at: number, baseOffset: Offset): void {
    const producerId = readProducerId(bytes, at);
    if (producerId < 0) return;
    const attributes = readAttributes(bytes, at);
    if (isTransactional(attributes)) this.#checkVerification(bytes, at, producerId);
    const entry = this.#entryOf(producerId);
    if (isControl(attributes)) this.#endTransaction(entry, bytes, at, baseOffset);
    else this.#addData(entry, bytes, at, baseOffset);
    if (isTransactional(attributes)) this.#useVerification(bytes, at, producerId);
  }

  #entryOf(producerId: number): ProducerEntry {
    let entry = this.entries.get(producerId);
    if (entry === undefined) {
      const known = this.#states.entries.get(producerId);
      entry = known === undefined ? new ProducerEntry(producerId) : known.clone();
      this.entries.set(producerId, entry);
    }
    return entry;
  }

  #addData(entry: ProducerEntry, bytes: Uint8Array, at: number, baseOffset: Offset): void {
    const producerEpoch = readProducerEpoch(bytes, at);
    const offsetDelta = readLastOffsetDelta(bytes, at);
    if (this.#mode !== "replay") this.#checkData(entry, bytes, at);
    entry.addBatch(producerEpoch, {
      lastSequence: readLastSequence(bytes, at),
      lastOffset: baseOffset + offsetDelta,
      offsetDelta,
      timestamp: readMaxTimestamp(bytes, at),
    });
    if (!isTransactional(readAttributes(bytes, at)) || entry.transactionFirstOffset >= 0) return;
    entry.transactionFirstOffset = baseOffset;
    this.started.push({ producerId: entry.producerId, firstOffset: baseOffset });
  }

  #checkData(entry: ProducerEntry, bytes: Uint8Array, at: number): void {
    const producerEpoch = readProducerEpoch(bytes, at);
    if (producerEpoch < entry.producerEpoch) throw staleEpoch(entry, producerEpoch);
    if (this.#mode !== "replay" && this.#mode.origin === "client")
      this.#checkSequence(entry, producerEpoch, readBaseSequence(bytes, at));
    if (entry.transactionFirstOffset >= 0 && !isTransactional(readAttributes(bytes, at)))
      throw new LogRequestError(
        "INVALID_TXN_STATE",
        `producer ${entry.producerId} wrote outside of its open transaction`,
      );
  }

  #checkSequence(entry: ProducerEntry, producerEpoch: number, sequence: number): void {
    const verification = this.#states.verificationOf(entry.producerId);
    if (verification !== undefined) {
      if (verification.supportsEpochBump && sequence !== 0 && !entry.hasBatches)
        throw outOfOrder(entry, sequence, "0, since nothing is known of the producer");
      if (sequence > verification.lowestSequence)
        throw outOfOrder(entry, sequence, `at most ${verification.lowestSequence}`);
    }
    if (entry.producerEpoch < 0) return;
    if (producerEpoch !== entry.producerEpoch) {
      if (sequence !== 0) throw outOfOrder(entry, sequence, "0 in a new epoch");
      return;
    }
    const last = entry.lastSequence;
    const isNext = sequence === last + 1 || (sequence === 0 && last === sequenceMax);
    if (!isNext) throw outOfOrder(entry, sequence, `the one after ${last}`);
  }

  /** An append to a transaction that is not open yet needs the coordinator's word for it. */
  #checkVerification(bytes: Uint8Array, at: number, producerId: number): void {
    const mode = this.#mode;
    if (mode === "replay") return;
    const producerEpoch = readProducerEpoch(bytes, at);
    if (this.#states.hasOngoingTransaction(producerId, producerEpoch)) return;
    // The epoch first: a fenced producer may recover from a stale epoch, not from a wrong transaction state.
    const entry = this.#states.entries.get(producerId);
    if (entry !== undefined && producerEpoch < entry.producerEpoch)
      throw staleEpoch(entry, producerEpoch);
    if (!this.#isVerificationEnabled || isControl(readAttributes(bytes, at))) return;
    if (this.entries.has(producerId)) return;
    const verification = this.#states.verificationOf(producerId);
    if (verification === undefined || mode.verificationGuard !== verification.guard)
      throw new LogRequestError(
        "INVALID_TXN_STATE",
        `producer ${producerId} has no transaction with this partition; add the partition first`,
      );
  }

  #useVerification(bytes: Uint8Array, at: number, producerId: number): void {
    const verification = this.#states.verificationOf(producerId);
    if (verification === undefined) return;
    // A late marker must not take the guard of the transaction that has begun behind it.
    const isNextTransaction =
      verification.supportsEpochBump &&
      isControl(readAttributes(bytes, at)) &&
      readProducerEpoch(bytes, at) === verification.producerEpoch;
    if (!isNextTransaction) this.verified.push(producerId);
  }

  #endTransaction(entry: ProducerEntry, bytes: Uint8Array, at: number, baseOffset: Offset): void {
    const marker = decodeControlBatch(bytes, at);
    // Compaction has emptied it: all that it still tells is who is fenced.
    if (marker === undefined && this.#mode === "replay" && entry.transactionFirstOffset < 0) {
      entry.setEpoch(readProducerEpoch(bytes, at));
      entry.lastTimestamp = readMaxTimestamp(bytes, at);
    }
    if (marker === undefined || (marker.type !== "abort" && marker.type !== "commit")) return;
    const producerEpoch = readProducerEpoch(bytes, at);
    if (this.#mode !== "replay") {
      checkMarkerEpoch(entry, producerEpoch, this.#mode.transactionVersion ?? 0);
      if (entry.coordinatorEpoch > marker.coordinatorEpoch)
        throw new LogRequestError(
          "TRANSACTION_COORDINATOR_FENCED",
          `coordinator epoch ${marker.coordinatorEpoch} is behind ${entry.coordinatorEpoch}`,
        );
    }
    const firstOffset = entry.transactionFirstOffset;
    if (firstOffset >= 0)
      this.completed.push({
        producerId: entry.producerId,
        firstOffset,
        lastOffset: baseOffset,
        isAborted: marker.type === "abort",
      });
    entry.setEpoch(producerEpoch);
    entry.coordinatorEpoch = marker.coordinatorEpoch;
    entry.transactionFirstOffset = -1;
    entry.lastTimestamp = marker.timestamp;
  }
}

/**
 * Since version 2 a coordinator raises the epoch with every marker. The same epoch again is fine while nothing is
 * open: the marker was written before and its answer was lost (KAFKA-19999).
 */
function checkMarkerEpoch(entry: ProducerEntry, producerEpoch: number, version: number): void {
  const current = entry.producerEpoch;
  if (version < 2 ? producerEpoch >= current : producerEpoch > current) return;
  const isRepeated =
    version >= 2 &&
    producerEpoch === current &&
    (entry.transactionFirstOffset < 0 || producerEpoch === producerEpochMax);
  if (!isRepeated) throw staleEpoch(entry, producerEpoch);
}

function staleEpoch(entry: ProducerEntry, producerEpoch: number): LogRequestError {
  return new LogRequestError(
    "INVALID_PRODUCER_EPOCH",
    `producer ${entry.producerId} wrote with epoch ${producerEpoch}, the last one seen is ${entry.producerEpoch}`,
  );
}

function outOfOrder(entry: ProducerEntry, sequence: number, expected: string): LogRequestError {
  return new LogRequestError(
    "OUT_OF_ORDER_SEQUENCE_NUMBER",
    `producer ${entry.producerId} sent sequence ${sequence}, expected was ${expected}`,
  );
}
