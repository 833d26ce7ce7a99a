import type { MetricValue, Platform } from "@millrace/platform";
import { startWorkerThread, type Worker } from "@millrace/platform/node";
import {
  ApplicationError,
  type AnswerPage,
  type GroupHosts,
  type GroupLeaving,
  type PartitionRequest,
  type PlacedSnapshotOrder,
  type RestoreProgress,
  type TaskOffsetSum,
  type ThreadHost,
  type ThreadOwner,
} from "@millrace/streams";

import type { WrittenSnapshot } from "@millrace/state";

import { ThreadAsker } from "./thread-asker.ts";
import type { FromThread, ThreadOrders, ThreadStatus, ToThread } from "./thread-messages.ts";
import { ThreadSnapshots } from "./thread-snapshots.ts";
import { failureOf, tellFailure, type ToldFailure } from "./told-failure.ts";
import { logTold } from "./told-log.ts";

/** Longest that a thread may take for what it was asked beyond the time that it has itself. */
const graceMs = 1000;

const nothing: ThreadStatus = {
  memberId: "",
  confirmedMs: undefined,
  tasks: [],
  copies: new Map(),
  restoring: [],
  offsetSums: [],
  groupHosts: undefined,
  metrics: [],
};

export interface WorkerHostOptions {
  readonly owner: ThreadOwner;
  readonly platform: Platform;
  /** Aborts once the cluster is gone for good; undefined where nobody can tell. */
  readonly gone: AbortSignal | undefined;
  /** After this long a thread that does not stop is ended. */
  readonly closeTimeoutMs: number;
}

/**
 * A stream loop in a worker thread. Whatever ends the thread, such as memory that ran out, an exit in the program or an
 * error that nobody caught, is what its `run` rejects with.
 */
export class WorkerHost implements ThreadHost {
  readonly running: Promise<void>;
  readonly #options: WorkerHostOptions;
  readonly #worker: Worker;
  /** The loop has ended. */
  readonly #over = Promise.withResolvers<Error | undefined>();
  readonly #running = Promise.withResolvers<void>();
  readonly #opened = Promise.withResolvers<string>();
  readonly #toldGroup = Promise.withResolvers<ToldFailure | undefined>();
  readonly #exited: Promise<void>;
  readonly #claims = new Map<number, () => void>();
  readonly #asker: ThreadAsker;
  readonly #snapshots = new ThreadSnapshots((message) => this.#tell(message));
  #hasExited = false;
  #status: ThreadStatus = nothing;
  #threadId = "";

  private constructor(orders: ThreadOrders, options: WorkerHostOptions) {
    this.#options = options;
    this.running = this.#running.promise;
    this.#asker = new ThreadAsker(options.platform.timers, (message) => this.#tell(message));
    this.#worker = startWorkerThread(
      new URL(import.meta.resolve("millrace/thread-worker")),
      orders,
    );
    let cause: unknown;
    this.#worker.on("message", (message: FromThread) => this.#take(message));
    this.#worker.once("error", (error: unknown) => {
      cause = error;
    });
    this.#exited = new Promise((resolve) => {
      this.#worker.once("exit", (code) => {
        this.#exit(threadEnded(code, cause));
        resolve();
      });
    });
    this.#opened.promise.catch(() => {}); // told by `open`, where that still waits
  }

  /** @throws what keeps the thread from beginning */
  static async open(orders: ThreadOrders, options: WorkerHostOptions): Promise<WorkerHost> {
    const host = new WorkerHost(orders, options);
    try {
      host.#threadId = await host.#opened.promise;
      host.wake(); // who paused or resumed since the orders were written did not know of it
      return host;
    } catch (error) {
      await host.#worker.terminate();
      throw error;
    }
  }

  get threadId(): string {
    return this.#threadId;
  }
  get memberId(): string {
    return this.#status.memberId;
  }
  get confirmedMs(): number | undefined {
    return this.#status.confirmedMs;
  }
  get tasks(): readonly string[] {
    return this.#status.tasks;
  }
  get copies(): ThreadStatus["copies"] {
    return this.#status.copies;
  }
  get restoring(): readonly RestoreProgress[] {
    return this.#status.restoring;
  }
  get offsetSums(): readonly TaskOffsetSum[] {
    return this.#status.offsetSums;
  }
  get groupHosts(): GroupHosts | undefined {
    return this.#status.groupHosts;
  }
  get metrics(): readonly MetricValue[] {
    return this.#status.metrics;
  }

  async run(stop: AbortSignal): Promise<void> {
    const { platform, closeTimeoutMs, gone } = this.#options;
    const whenGone = (): void => this.#tell({ kind: "gone", failure: tellFailure(gone?.reason) });
    let timer: { cancel(): void } | undefined;
    const stopped = (): void => {
      this.#tell({ kind: "stop" });
      // A callback that never ends is ended with its thread.
      timer = platform.timers.after(closeTimeoutMs, () => void this.#worker.terminate());
    };
    if (gone?.aborted === true) whenGone();
    else gone?.addEventListener("abort", whenGone, { once: true });
    if (stop.aborted) stopped();
    else stop.addEventListener("abort", stopped, { once: true });
    try {
      const failure = await this.#over.promise;
      if (failure !== undefined) throw failure;
    } finally {
      stop.removeEventListener("abort", stopped);
      gone?.removeEventListener("abort", whenGone);
      timer?.cancel();
    }
  }

  wake(): void {
    this.#tell({ kind: "paused", isPaused: this.#options.owner.isPaused() });
  }

  hearGroup(): void {
    this.#tell({ kind: "hearGroup" });
  }

  async endApplication(signal: AbortSignal): Promise<void> {
    if (this.#hasExited) return;
    this.#tell({ kind: "endApplication" });
    const given = new Promise<undefined>((resolve) => {
      signal.addEventListener("abort", () => resolve(undefined), { once: true });
    });
    const failure = await Promise.race([this.#toldGroup.promise, given]);
    if (failure !== undefined) throw failureOf(failure);
  }

  snapshot(order: PlacedSnapshotOrder): Promise<readonly WrittenSnapshot[]> {
    return this.#snapshots.take(order);
  }

  ask(request: PartitionRequest): AsyncIterable<AnswerPage> {
    return this.#asker.ask(request);
  }

  async close({
    group,
    timeoutMs,
  }: {
    readonly group: GroupLeaving;
    readonly timeoutMs: number;
  }): Promise<void> {
    this.#tell({ kind: "close", group, timeoutMs });
    const { timers } = this.#options.platform;
    const timer = timers.after(timeoutMs + graceMs, () => void this.#worker.terminate());
    await this.#exited;
    timer.cancel();
  }

  #tell(message: ToThread): void {
    if (!this.#hasExited) this.#worker.postMessage(message);
  }

  #take(message: FromThread): void {
    const { owner } = this.#options;
    switch (message.kind) {
      case "opened":
        return this.#opened.resolve(message.threadId);
      case "status":
        this.#status = message.status;
        return;
      case "running":
        return this.#running.resolve();
      case "state":
        return owner.tellState(message.state);
      case "groupNews":
        return owner.tellNews();
      case "restore":
        return owner.tellRestore(message.event);
      case "log":
        return logTold(message, this.#options.platform.logger);
      case "claim":
        return void this.#claim(message.claim, message);
      case "release":
        this.#claims.get(message.claim)?.();
        this.#claims.delete(message.claim);
        return;
      case "released":
        return owner.released(message.released);
      case "topicIds":
        return void owner.topicIds?.write(message.ids).catch((cause: unknown) => {
          const { logger } = this.#options.platform;
          logger.log("warn", "millrace.topic-ids-not-saved", { cause });
        });
      case "ended":
        return this.#ended(message.failure && failureOf(message.failure));
      case "toldGroup":
        return this.#toldGroup.resolve(message.failure);
      case "snapshotted":
        return this.#snapshots.taken(message);
      case "page":
        return this.#asker.page(message.id, message.page);
      case "answered":
        return this.#asker.answered(message.id, message.failure && failureOf(message.failure));
    }
  }

  async #claim(
    claim: number,
    { taskId }: Extract<FromThread, { readonly kind: "claim" }>,
  ): Promise<void> {
    const release = await this.#options.owner.claimTask(taskId);
    if (this.#hasExited) return release();
    this.#claims.set(claim, release);
    this.#tell({ kind: "claimed", claim });
  }

  #ended(failure: Error | undefined): void {
    this.#over.resolve(failure);
    this.#opened.reject(failure ?? threadEnded(0, undefined));
  }

  /** What the thread had is nobody's now. */
  #exit(error: Error): void {
    this.#hasExited = true;
    this.#status = { ...nothing, memberId: this.#status.memberId };
    this.#ended(error);
    this.#toldGroup.resolve(undefined);
    for (const release of this.#claims.values()) release();
    this.#claims.clear();
    this.#asker.gone();
    this.#snapshots.gone();
  }
}

function threadEnded(code: number, cause: unknown): ApplicationError {
  const why = cause instanceof Error ? `: ${cause.message}` : ` with code ${code}`;
  return new ApplicationError(
    "THREAD_ENDED",
    `a thread of the application has ended${why}. What it had not committed is processed again by whoever takes its tasks.`,
    { cause },
  );
}
