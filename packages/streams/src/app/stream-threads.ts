import { BaseError } from "@millrace/model";
import { JoinedSignal, type Counter, type Platform } from "@millrace/platform";

import { ApplicationError } from "../error/application-error.ts";
import type { TaskOffsetSum } from "../runtime/assignment/subscription-info.ts";
import type { GroupHosts } from "../runtime/task-assignments.ts";
import type { RestoreProgress } from "../runtime/state/restore-event.ts";
import { GroupNews } from "./group-news.ts";
import type { GroupLeaving, LoopHost } from "./loop-host.ts";
import type { LoopStates } from "./loop-states.ts";
import { tellAnswer, type UncaughtErrorPolicy } from "./uncaught-error.ts";

/** Between two loops of which one takes the other's place: twice as long each time, up to the maximum. */
const firstPauseMs = 50;
const pauseMsMax = 10_000;
/** A loop that ran for this long failed for reasons of its own. */
const longRunMs = 60_000;

export interface StreamThreadsOptions {
  readonly applicationId: string;
  readonly platform: Platform;
  readonly count: number;
  readonly open: (number: number) => LoopHost | Promise<LoopHost>;
  /** What its lines in the log are told by. */
  readonly nameOf: (number: number) => string;
  readonly states: LoopStates;
  readonly onUncaughtError: UncaughtErrorPolicy;
  readonly closeTimeoutMs: number;
  /** Aborts once the cluster is gone for good. */
  readonly gone: AbortSignal | undefined;
  /** The application is going to end with an error. */
  readonly onFailing: () => void;
  /** There are so many now. */
  readonly onCount: (count: number) => void;
}

/** The place of a loop: whoever takes another's place has its number, and so its seat in the group. */
interface Slot {
  readonly number: number;
  readonly stop: AbortController;
  host: LoopHost | undefined;
  ended: Promise<void>;
}

/**
 * The loops of an application: they are begun, added, removed, and replaced where the policy for what nobody caught says
 * so (Kafka: the threads of `KafkaStreams`).
 */
export class StreamThreads {
  /** Resolves once the loops that are begun first have their tasks. */
  readonly running: Promise<void>;
  #markRunning: () => void = () => {};
  #hasRun = false;
  readonly #options: StreamThreadsOptions;
  readonly #slots = new Map<number, Slot>();
  readonly #started = new Set<number>();
  readonly #failed = new AbortController();
  readonly #news: GroupNews;
  readonly #failedCount: Counter;
  #failure: { readonly error: unknown } | undefined;
  /** Undefined: not begun yet. */
  #stopping: AbortSignal | undefined;
  #leaving: GroupLeaving = "leave";

  constructor(options: StreamThreadsOptions) {
    this.#options = options;
    this.#news = new GroupNews(options.platform.timers, () => this.#members());
    const { metrics } = options.platform;
    const tags = { application: options.applicationId };
    metrics.gauge("alive-stream-threads", hostCounter(this.#slots), tags);
    this.#failedCount = metrics.counter("failed-stream-threads", tags);
    this.running = new Promise((resolve) => {
      this.#markRunning = () => {
        this.#hasRun = true;
        resolve();
      };
    });
  }

  get hosts(): readonly LoopHost[] {
    return hostsOf(this.#slots);
  }

  get count(): number {
    return this.#slots.size;
  }

  /** Where the tasks of the application are, as the group has told. */
  get groupHosts(): GroupHosts | undefined {
    return this.hosts.find(({ groupHosts }) => groupHosts !== undefined)?.groupHosts;
  }

  get offsetSums(): readonly TaskOffsetSum[] {
    return this.hosts.flatMap(({ offsetSums }) => offsetSums);
  }

  get restoring(): readonly RestoreProgress[] {
    return this.hosts.flatMap(({ restoring }) => restoring);
  }

  /** True: of all loops it tells of what lies in the state directory. */
  isFirst(number: number): boolean {
    return number === Math.min(...this.#slots.keys());
  }

  /** The loop of that number has told the group what the others are to hear of. */
  tellNews(number: number): void {
    if (this.#stopping?.aborted === false) this.#news.tell(number);
  }

  /** How the loops leave the group as they end. */
  leaveBy(leaving: GroupLeaving): void {
    this.#leaving = leaving;
  }

  /** Runs the loops until the signal aborts. Rejects with what ended the application otherwise. */
  async run(stop: AbortSignal): Promise<void> {
    using ends = new JoinedSignal(stop, this.#failed.signal);
    this.#stopping = ends.signal;
    const stopped = untilAborted(this.#stopping);
    for (let count = 0; count < this.#options.count; count++) this.#begin();
    await stopped;
    this.#news.close();
    while (this.#slots.size > 0)
      await Promise.all([...this.#slots.values()].map(({ ended }) => ended));
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** @returns the number of the loop; undefined: the application ends, or has not begun */
  add(): number | undefined {
    if (this.#stopping?.aborted !== false) return undefined;
    return this.#begin().number;
  }

  /**
   * Ends the loop that was begun last, and waits until it is over.
   *
   * @returns its number; undefined: there is none
   */
  async remove(): Promise<number | undefined> {
    const slot = [...this.#slots.values()].findLast((one) => !one.stop.signal.aborted);
    if (slot === undefined) return undefined;
    slot.stop.abort(new ApplicationError("APPLICATION_CLOSED", "the thread was removed"));
    await slot.ended;
    return slot.number;
  }

  wake(): void {
    for (const host of this.hosts) host.wake();
  }

  #begin(): Slot {
    let number = 1;
    while (this.#slots.has(number)) number += 1;
    const slot: Slot = {
      number,
      stop: new AbortController(),
      host: undefined,
      ended: Promise.resolve(),
    };
    this.#slots.set(number, slot);
    this.#options.onCount(this.#slots.size);
    this.#options.states.tell(number, "rebalancing");
    slot.ended = this.#drive(slot).finally(() => {
      this.#slots.delete(number);
      this.#options.states.forget(number);
      if (this.#stopping?.aborted === false) this.#options.onCount(this.#slots.size);
      this.#started.delete(number);
      this.#tellRunning();
    });
    return slot;
  }

  /** One loop after the other in the same place. Never rejects. */
  async #drive(slot: Slot): Promise<void> {
    const { platform } = this.#options;
    const { clock } = platform;
    using ends = new JoinedSignal(this.#stopping, slot.stop.signal);
    const stop = ends.signal;
    let pauseMs = firstPauseMs;
    for (;;) {
      const beginMs = clock.monotonicMs();
      const end = await this.#once(slot, stop);
      if (end === "over") return;
      if (clock.monotonicMs() - beginMs > longRunMs) pauseMs = firstPauseMs;
      await platform.timers.sleep(pauseMs, stop).catch(() => {}); // the next one is not begun then
      pauseMs = Math.min(2 * pauseMs, pauseMsMax);
    }
  }

  async #once(slot: Slot, stop: AbortSignal): Promise<"over" | "replace"> {
    if (stop.aborted) return "over";
    const { open } = this.#options;
    let host: LoopHost | undefined;
    try {
      host = await open(slot.number);
      slot.host = host;
      void host.running.then(() => {
        this.#started.add(slot.number);
        this.#tellRunning();
      });
      await host.run(stop);
      return "over";
    } catch (error) {
      return await this.#ended(error, { slot, host });
    } finally {
      await this.#close(host, slot.number);
      slot.host = undefined;
    }
  }

  async #ended(
    error: unknown,
    { slot, host }: { readonly slot: Slot; readonly host: LoopHost | undefined },
  ): Promise<"over" | "replace"> {
    const { platform, closeTimeoutMs, applicationId, states, nameOf, onUncaughtError } =
      this.#options;
    // Of a loop that is being removed the policy is asked all the same: it takes nobody's place.
    if (this.#stopping?.aborted === true || isLast(error)) return this.#fail(error);
    this.#failedCount.add(1);
    const answer = tellAnswer(error, {
      policy: onUncaughtError,
      mayReplace: this.#hasRun,
      logger: platform.logger,
      fields: { application: applicationId, thread: nameOf(slot.number) },
    });
    if (answer === "replaceThread") {
      states.tell(slot.number, "rebalancing");
      return "replace";
    }
    // What has begun it is told here, and not what the other loops are told then.
    this.#failure ??= { error };
    if (answer === "shutdownApplication" && host !== undefined) {
      const tooLong = new AbortController();
      const timer = platform.timers.after(closeTimeoutMs / 4, () => tooLong.abort());
      using ends = new JoinedSignal(tooLong.signal, this.#stopping);
      await host.endApplication(ends.signal).catch((cause: unknown) => {
        platform.logger.log("warn", "streams.shutdown-not-told", { cause });
      });
      timer.cancel();
    }
    return this.#fail(error);
  }

  #fail(error: unknown): "over" {
    this.#failure ??= { error };
    this.#options.onFailing();
    this.#failed.abort(error);
    return "over";
  }

  async #close(host: LoopHost | undefined, number: number): Promise<void> {
    const { gone, closeTimeoutMs, platform } = this.#options;
    const timeoutMs = gone?.aborted === true ? 0 : closeTimeoutMs / 8;
    // What is replaced or removed gives its tasks to the others at once.
    const group = this.#stopping?.aborted === true ? this.#leaving : "leave";
    await host?.close({ group, timeoutMs }).catch((cause: unknown) => {
      platform.logger.log("warn", "streams.close-incomplete", { cause });
    });
    this.tellNews(number);
  }

  *#members(): Generator<readonly [number: number, host: LoopHost]> {
    for (const { number, host } of this.#slots.values())
      if (host !== undefined) yield [number, host];
  }

  #tellRunning(): void {
    for (const number of this.#slots.keys()) if (!this.#started.has(number)) return;
    if (this.#started.size > 0) this.#markRunning();
  }
}

/** True: no other loop would fare better, and whoever ended it has told all that there is to tell. */
function isLast(error: unknown): boolean {
  return (
    error instanceof BaseError &&
    (error.code === "APPLICATION_SHUT_DOWN" || error.code === "BROKER_CLOSED")
  );
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function hostsOf(slots: ReadonlyMap<number, Slot>): readonly LoopHost[] {
  const hosts: LoopHost[] = [];
  for (const { host } of slots.values()) if (host !== undefined) hosts.push(host);
  return hosts;
}

/** Made out here: the registry outlives the application, and must not keep it. */
function hostCounter(slots: ReadonlyMap<number, Slot>): () => number {
  return () => hostsOf(slots).length;
}
