import { OffsetOutOfRangeError, type BatchReader } from "@millrace/cluster";
import { topicPartitionName, type Offset, type RecordBatchView } from "@millrace/model";
import type { Counter } from "@millrace/platform";

import { Slice } from "../../task/slice.ts";
import type { LoopEnvironment } from "../loop-environment.ts";
import type { ChangelogReading } from "./changelog-reading.ts";
import type { FollowedTask } from "./followed-task.ts";

/** Longest wait for records; whoever adds a task ends it. */
const pollWaitMs = 1000;
/** Of a slice while tasks are being processed: they have the rest of the time. */
const busySliceMsMax = 2;

export interface ChangelogPumpOwner {
  /** True: tasks are processed beside it. */
  readonly isBusy: boolean;
  /** The task has all: it is read for no more. */
  restored(task: FollowedTask): void;
  /** A store of the task was emptied, as its changelog does not reach it any more. */
  lost(task: FollowedTask): void;
  failed(error: unknown, task?: FollowedTask): void;
}

interface OpenReading {
  readonly task: FollowedTask;
  readonly reading: ChangelogReading;
}

/**
 * Reads the changelogs of all tasks through one reader, batches as bytes, into their stores: a slice at a time, beside
 * what else the process does.
 */
export class ChangelogPump {
  readonly #environment: LoopEnvironment;
  readonly #owner: ChangelogPumpOwner;
  readonly #reader: BatchReader;
  readonly #slices: { readonly idle: Slice; readonly busy: Slice };
  readonly #open = new Map<string, OpenReading>();
  #wake = new AbortController();
  /** Records that standbys have taken. */
  readonly #updated: Counter;
  /** Of `remaining`, as it was told last. */
  #remaining = 0;
  #nextCommitMs = 0;

  constructor(environment: LoopEnvironment, owner: ChangelogPumpOwner) {
    this.#environment = environment;
    this.#owner = owner;
    this.#reader = environment.restoreReader;
    const { platform, config } = environment;
    this.#updated = environment.platform.metrics.counter("update-records-total", {
      application: environment.config.applicationId,
    });
    this.#slices = {
      idle: new Slice(platform.clock, config.sliceMs),
      busy: new Slice(platform.clock, Math.min(config.sliceMs, busySliceMsMax)),
    };
  }

  /** Reads for a task what it lacks; one that is read for already goes on. */
  add(task: FollowedTask): void {
    for (const reading of task.readings) {
      if (reading.isAtStop) this.#close(reading);
      else if (this.#open.get(reading.name)?.reading !== reading) {
        this.#open.set(reading.name, { task, reading });
        this.#reader.assign([{ ...reading.changelog, offset: reading.position }]);
      }
    }
    this.#settle(task);
    this.#tellRemaining();
    this.#wake.abort();
  }

  remove(task: FollowedTask): void {
    for (const reading of task.readings) this.#close(reading);
    this.#tellRemaining();
  }

  /** How far the changelog goes for this reader, as of the last fetch. */
  endOf = ({ changelog }: ChangelogReading): Offset | undefined =>
    this.#reader.endOffset(changelog);

  /** Until the signal aborts. Never rejects: the owner is told. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = (): void => this.#wake.abort();
    signal.addEventListener("abort", stop, { once: true });
    while (!signal.aborted) {
      if (this.#wake.signal.aborted) this.#wake = new AbortController();
      try {
        await this.#turn();
      } catch (error) {
        if (signal.aborted) break;
        this.#owner.failed(error);
        await this.#pause(); // it may be told again at once
      }
    }
    signal.removeEventListener("abort", stop);
    for (const { reading } of this.#open.values()) this.#close(reading);
    this.#tellRemaining();
  }

  async #turn(): Promise<void> {
    if (this.#open.size === 0) {
      await this.#pause();
      return;
    }
    const batches = await this.#poll(this.#wake.signal);
    try {
      const slice = this.#owner.isBusy ? this.#slices.busy : this.#slices.idle;
      slice.begin();
      for (const batch of batches) await this.#apply(batch, slice);
    } finally {
      for (const batch of batches) batch.release();
    }
    for (const { reading } of this.#open.values())
      reading.passed(this.#reader.position(reading.changelog) ?? 0);
    for (const task of new Set([...this.#open.values()].map((one) => one.task))) this.#settle(task);
    this.#tellRemaining();
    const { clock } = this.#environment.platform;
    if (clock.monotonicMs() >= this.#nextCommitMs)
      this.#nextCommitMs = clock.monotonicMs() + this.#environment.config.commitIntervalMs;
  }

  async #pause(): Promise<void> {
    const { signal } = this.#wake;
    await this.#environment.platform.timers.sleep(pollWaitMs, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  async #poll(signal: AbortSignal): Promise<readonly RecordBatchView[]> {
    try {
      return await this.#reader.poll({ signal, waitMsMax: pollWaitMs });
    } catch (error) {
      if (!(error instanceof OffsetOutOfRangeError)) throw error;
      const lost = this.#open.get(topicPartitionName(error.topic, error.partition));
      if (lost === undefined) {
        this.#reader.unassign([error]);
        return [];
      }
      this.#close(lost.reading);
      lost.reading.lost(error);
      lost.task.forgetCommitted();
      this.#owner.lost(lost.task);
      return [];
    }
  }

  /** Gives way in the middle of a batch, too: the task may be given up meanwhile. */
  async #apply(batch: RecordBatchView, slice: Slice): Promise<void> {
    const name = topicPartitionName(batch.topic, batch.partition);
    const open = this.#open.get(name);
    if (open === undefined) return;
    const { reading, task } = open;
    const { records } = reading;
    try {
      while (batch.next() && reading.take(batch)) {
        if (!slice.afterRecord()) continue;
        reading.passed(batch.offset + 1);
        await this.#environment.platform.timers.yield();
        if (this.#open.get(name) !== open) return;
        if (task.state?.stores.isStageFull === true) task.commit();
        slice.begin();
      }
      reading.passed(batch.nextOffset);
    } catch (error) {
      this.remove(task);
      this.#owner.failed(error, task);
    } finally {
      (task.isRestoring ? this.#environment.restored : this.#updated).add(
        reading.records - records,
      );
    }
  }

  /** Commits what is full, complete or due. */
  #settle(task: FollowedTask): void {
    const { clock } = this.#environment.platform;
    try {
      for (const reading of task.readings) {
        this.#tell(task, reading);
        if (reading.isAtStop) this.#close(reading);
      }
      if (task.isRestored) {
        task.commit();
        this.#owner.restored(task);
        return;
      }
      const isDue = !task.isRestoring && clock.monotonicMs() >= this.#nextCommitMs;
      if (isDue || task.isAtSought || task.state?.stores.isStageFull === true) task.commit();
    } catch (error) {
      this.remove(task);
      this.#owner.failed(error, task);
    }
  }

  #tell(task: FollowedTask, reading: ChangelogReading): void {
    const batchRecords = reading.untold();
    if (batchRecords === 0) return;
    const role = task.isRestoring ? "active" : "standby";
    const progress = reading.progress(role, this.endOf(reading));
    this.#environment.tellRestore({ kind: "batch", ...progress, batchRecords });
  }

  #close(reading: ChangelogReading): void {
    if (this.#open.get(reading.name)?.reading !== reading) return;
    this.#open.delete(reading.name);
    this.#reader.unassign([reading.changelog]);
  }

  #tellRemaining(): void {
    let sum = 0;
    for (const { task, reading } of this.#open.values()) {
      // A copy that is to become active follows without an end until it is planned as that.
      const isEndKnown = task.isRestoring && reading.end !== undefined;
      if (isEndKnown) sum += reading.stop - reading.position;
    }
    this.#environment.remaining.add(sum - this.#remaining);
    this.#remaining = sum;
  }
}
