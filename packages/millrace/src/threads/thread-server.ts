import { withFields, type AnyLogger, type Platform, type Timer } from "@millrace/platform";
import { nodePlatform } from "@millrace/platform/node";
import { ThreadLoop, type TaskId, type ThreadOwner } from "@millrace/streams";

import { connectCluster } from "../cluster-address.ts";
import { openEngines } from "../engine/open-engines.ts";
import { openSnapshots } from "../snapshots/open-snapshots.ts";
import { dividedOptions } from "../streams-options.ts";
import { TakenSnapshots } from "./taken-snapshots.ts";
import type { FromThread, ThreadOrders, ToThread } from "./thread-messages.ts";
import { loadProgram, markOwnProgram } from "./thread-program.ts";
import { ThreadQueries } from "./thread-queries.ts";
import { failureOf, tellFailure } from "./told-failure.ts";
import { toldLogger } from "./told-log.ts";

/** How often the application is told how things stand. */
const statusMs = 250;

type Close = Extract<ToThread, { readonly kind: "close" }>;

/** A stream loop that an application has in another thread: does what it is told, and tells what comes of it. */
export class ThreadServer {
  readonly #orders: ThreadOrders;
  readonly #tell: (message: FromThread) => void;
  readonly #stop = new AbortController();
  readonly #gone = new AbortController();
  readonly #close = Promise.withResolvers<Close>();
  /** Those that are waited for. */
  readonly #claims = new Map<number, () => void>();
  readonly #timers = nodePlatform().timers;
  #isPaused: boolean;
  #lastClaim = 0;
  #topicIds: ReadonlyMap<string, string>;
  #thread: ThreadLoop | undefined;
  #queries: ThreadQueries | undefined;
  #snapshots: TakenSnapshots | undefined;
  #timer: Timer | undefined;

  constructor(orders: ThreadOrders, tell: (message: FromThread) => void) {
    this.#orders = orders;
    this.#tell = tell;
    this.#isPaused = orders.isPaused;
    this.#topicIds = orders.topicIds?.ids ?? new Map<string, string>();
  }

  take(message: ToThread): void {
    switch (message.kind) {
      case "stop":
        return this.#stop.abort();
      case "close":
        return this.#close.resolve(message);
      case "paused":
        this.#isPaused = message.isPaused;
        return this.#thread?.loop.wake();
      case "gone":
        return this.#gone.abort(failureOf(message.failure));
      case "hearGroup":
        return this.#thread?.loop.hearGroup();
      case "claimed":
        return this.#claims.get(message.claim)?.();
      case "ask":
        return this.#queries?.ask(message.id, message.request);
      case "taken":
        return this.#queries?.taken(message.id);
      case "cancel":
        return this.#queries?.cancel(message.id);
      case "snapshot":
        return this.#snapshots?.take(message);
      case "cancelSnapshot":
        return this.#snapshots?.cancel(message.id);
      case "endApplication":
        return void this.#endApplication();
    }
  }

  /** Until it is told to close. @throws what keeps the loop from beginning */
  async serve(): Promise<void> {
    const orders = this.#orders;
    const module = new URL(orders.module);
    markOwnProgram(module);
    const { data } = orders;
    const { topology, options } = await loadProgram({ module, data, timers: this.#timers });
    const { rocksdbConfig, logger } = options;
    const platform = this.#platformOf(logger);
    const { core, address } = dividedOptions({ cluster: "", ...options, ...orders.options });
    const engines = await openEngines(platform, orders.storeEngine, { ...orders, rocksdbConfig });
    const place = orders.cluster ?? address;
    const { client: cluster, dispose } = await connectCluster(place, {
      platform,
      metadataMaxAge: core.metadataMaxAge,
    });
    try {
      const owner = this.#owner();
      const environment = {
        platform,
        cluster,
        engines,
        gone: this.#gone.signal,
        openSnapshots: (url: string) => openSnapshots(url, platform),
      };
      this.#thread = new ThreadLoop(topology, { options: core, owner }, environment);
      await this.#run(this.#thread);
    } finally {
      this.#timer?.cancel();
      await dispose();
    }
  }

  async #run(thread: ThreadLoop): Promise<void> {
    const tell = this.#tell;
    const { loop, answers } = thread;
    this.#queries = new ThreadQueries(answers, tell);
    this.#snapshots = new TakenSnapshots(loop, tell);
    tell({ kind: "opened", threadId: loop.threadId });
    this.#tellStatus();
    this.#tellRegularly();
    void loop.running.then(() => {
      this.#tellStatus();
      tell({ kind: "running" });
    });
    const failure = await thread.run(this.#stop.signal).then(
      () => undefined,
      (error: unknown) => tellFailure(error),
    );
    this.#tellStatus();
    tell({ kind: "ended", failure });
    const { group, timeoutMs } = await this.#close.promise;
    this.#queries.close();
    this.#snapshots.close();
    await loop.close({ group, timeoutMs });
  }

  /** @param own of the program's module; without it, and with one of the application's, that is told */
  #platformOf(own: AnyLogger | undefined): Platform {
    const { logLevel, tellsLog, options } = this.#orders;
    const logger = own ?? (tellsLog ? toldLogger(this.#tell) : undefined);
    const platform = nodePlatform({ logger, logLevel });
    const { applicationId: application } = options;
    return { ...platform, logger: withFields(platform.logger, { application }) };
  }

  #owner(): ThreadOwner {
    const tell = this.#tell;
    const { topicIds, idleTasks, ...orders } = this.#orders;
    return {
      ...orders,
      isPaused: () => this.#isPaused,
      claimTask: (taskId) => this.#claimTask(taskId),
      tellState: (state) => {
        this.#tellStatus();
        tell({ kind: "state", state });
      },
      tellNews: () => tell({ kind: "groupNews" }),
      tellRestore: (event) => tell({ kind: "restore", event }),
      released: (released) => tell({ kind: "released", released }),
      // They are nobody's at the start alone.
      idleTasks: () => (this.#thread?.loop.tasks.length === 0 ? idleTasks : []),
      topicIds: topicIds && {
        path: topicIds.path,
        read: () => this.#topicIds,
        write: async (ids) => {
          this.#topicIds = ids;
          tell({ kind: "topicIds", ids });
        },
      },
    };
  }

  async #claimTask(taskId: TaskId): Promise<() => void> {
    const claim = ++this.#lastClaim;
    await new Promise<void>((resolve) => {
      this.#claims.set(claim, resolve);
      this.#tell({ kind: "claim", claim, taskId });
    });
    this.#claims.delete(claim);
    return () => this.#tell({ kind: "release", claim });
  }

  async #endApplication(): Promise<void> {
    const failure = await this.#thread?.loop.endApplication(this.#stop.signal).then(
      () => undefined,
      (error: unknown) => tellFailure(error),
    );
    this.#tell({ kind: "toldGroup", failure });
  }

  #tellStatus(): void {
    const thread = this.#thread;
    if (thread === undefined) return;
    const { memberId, confirmedMs, tasks, restoring, offsetSums, groupHosts } = thread.loop;
    const { copies, metrics } = thread;
    const status = {
      memberId,
      confirmedMs,
      tasks,
      restoring,
      offsetSums,
      groupHosts,
      copies,
      metrics,
    };
    this.#tell({ kind: "status", status });
  }

  #tellRegularly(): void {
    this.#timer = this.#timers.after(statusMs, () => {
      this.#tellStatus();
      this.#tellRegularly();
    });
  }
}
