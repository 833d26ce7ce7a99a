import { OptionError, readOptions } from "@millrace/model";
import { JoinedSignal, type Counter, type MetricValue } from "@millrace/platform";
import type { WrittenSnapshot } from "@millrace/state";

import type { AnyStream } from "../dsl/types/k-stream.ts";
import type { AnyTable } from "../dsl/types/joins.ts";
import { nodeOfHandle } from "../dsl/node-of-handle.ts";
import { ApplicationError } from "../error/application-error.ts";
import type { RecordTap } from "../processor/record-tap.ts";
import type { KeyOwners } from "../query/app-queries.ts";
import type { AnyQueries, QueriesOf, QueryHandle } from "../query/queries-of.ts";
import type { QueryOptions } from "../query/query-options.ts";
import type { RestoreListener, RestoreProgress } from "../runtime/state/restore-event.ts";
import type { TaskOwners } from "../query/task-owners.ts";
import { runWithGlobalStores } from "../runtime/run-with-global-stores.ts";
import { serdeUsesOf } from "../topology/serde-uses.ts";
import type { Topology } from "../topology/topology.ts";
import type { StateListener, StreamsState } from "./application-state.ts";
import { appHandler, type FetchHandler, type HandlerOptions } from "./app-handler.ts";
import { assemble, type AppParts } from "./app-parts.ts";
import { checkCluster } from "./check-cluster.ts";
import { checkTopology } from "./check-topology.ts";
import { openQueries, type OpenedQueries } from "./open-queries.ts";
import { prepareSerdes } from "./prepare-serdes.ts";
import { closeOptionTable, type CloseOptions } from "./close-options.ts";
import { snapshotLoops } from "./snapshot-loops.ts";
import { snapshotOptionTable, type SnapshotOptions } from "./snapshot-options.ts";
import { addedUp } from "./added-up.ts";
import { isThreadHost } from "./thread-host.ts";
import { resolveOptions } from "./resolved-options.ts";
import type { StreamsEnvironment } from "./streams-environment.ts";
import type { StreamsOptions } from "./streams-options.ts";

/** What a tap has of the application. */
export interface OpenTap extends Disposable {
  /** Whether what is taken is part of transactions. */
  readonly isExactlyOnce: boolean;
  /** `tap-records-dropped-total` of the node. */
  readonly dropped: Counter;
  /** Tells the application that the tap has room again. */
  roomMade(): void;
}

/** A stream loop of an application (Kafka: `ThreadMetadata`). */
export interface StreamThread {
  readonly name: string;
  readonly memberId: string;
  /** Those that run there now, such as `0_3`. */
  readonly tasks: readonly string[];
}

/**
 * A running application: a process of its group (Kafka: `KafkaStreams`).
 *
 * @example
 * await using app = await StreamsApp.start(builder.build(), { applicationId: "orders", cluster });
 * await app.closed; // rejects with what ended it
 */
export class StreamsApp implements AsyncDisposable {
  /** Resolves once the application is closed; rejects with the error that ended it. */
  readonly closed: Promise<void>;
  readonly applicationId: string;
  readonly #parts: AppParts;
  readonly #queries: OpenedQueries;
  readonly #stop = new AbortController();
  /** True: whoever started it waits for no promise any more that would tell a failure. */
  #tellsFailure = false;

  private constructor(parts: AppParts, environment: StreamsEnvironment) {
    const { dispose, serve } = environment;
    this.#parts = parts;
    this.#queries = openQueries(parts, environment);
    serve?.(this.handler());
    this.applicationId = parts.options.applicationId;
    this.closed = this.#run()
      .finally(dispose)
      .finally(() => parts.state.end())
      .then(
        () => parts.taps.end(undefined),
        (error: unknown) => {
          parts.taps.end({ error });
          throw error;
        },
      );
    this.closed.catch(() => {}); // told by `start`, `close` and whoever awaits `closed`
  }

  /**
   * Starts an application and waits until it has its tasks.
   *
   * @throws ApplicationError, ClusterError: what keeps it from starting; the reason of the signal of the options, where
   *   that has aborted
   */
  static async start(
    topology: Topology,
    options: StreamsOptions,
    environment: StreamsEnvironment,
  ): Promise<StreamsApp> {
    const app = await StreamsApp.#assemble(topology, options, environment);
    const isRunning = app.#parts.threads.running.then(() => {
      app.#tellsFailure = environment.isAwaited !== true;
      return true;
    });
    if (await Promise.race([isRunning, app.closed.then(() => false)])) return app;
    app.#parts.options.signal?.throwIfAborted();
    throw closedError(app.applicationId);
  }

  static async #assemble(
    topology: Topology,
    options: StreamsOptions,
    environment: StreamsEnvironment,
  ): Promise<StreamsApp> {
    try {
      const resolved = resolveOptions(options);
      checkTopology(topology);
      checkCluster(environment.cluster, options);
      resolved.signal?.throwIfAborted();
      return new StreamsApp(await assemble(topology, resolved, environment), environment);
    } catch (error) {
      await environment.dispose?.();
      throw error;
    }
  }

  get state(): StreamsState {
    return this.#parts.state.current;
  }

  /**
   * Calls back at each change of the state, at once and in order, until what it gives is disposed of; a listener that
   * throws has a line in the log, and nobody is stopped by it. Of changes before the application was there the option
   * `onStateChange` tells.
   *
   * @throws OptionError `INVALID_OPTION`
   * @example
   * using _ = app.onStateChange((state) => health.set(state === "running"));
   */
  onStateChange(listener: StateListener): Disposable {
    return this.#parts.state.onChange(listener);
  }

  /**
   * The present state, then each change; ends with the application. Where changes are taken much more slowly than they
   * come, pairs of `rebalancing` and `running` that are over are left out.
   *
   * @throws the signal's reason once it aborts
   * @example
   * for await (const state of app.states()) console.log(state);
   */
  states(signal?: AbortSignal): AsyncIterableIterator<StreamsState> {
    return this.#parts.state.states(signal);
  }

  /**
   * Calls back as stores are read from their changelogs, to be restored or as standbys, until what it gives is disposed
   * of; of those at the start the option `onRestore` tells (Kafka: `StateRestoreListener`, `StandbyUpdateListener`).
   *
   * @throws OptionError `INVALID_OPTION`
   * @example
   * using _ = app.onRestore(({ kind, store, records }) => console.log(kind, store, records));
   */
  onRestore(listener: RestoreListener): Disposable {
    return this.#parts.restoring.add(listener);
  }

  /** The stores that are read from their changelogs now: those that are restored, and standbys. */
  get restoring(): readonly RestoreProgress[] {
    return this.#parts.threads.restoring;
  }

  /** The tasks that run here now, such as `0_3`. */
  get tasks(): readonly string[] {
    return this.#parts.threads.hosts.flatMap(({ tasks }) => tasks);
  }

  /** Who the first of the loops is in the group: see `threads`. */
  get memberId(): string {
    return this.#parts.threads.hosts[0]?.memberId ?? "";
  }

  /** The stream loops: each is a member of the group, with tasks of its own (Kafka: `metadataForLocalThreads`). */
  get threads(): readonly StreamThread[] {
    return this.#parts.threads.hosts.map(({ threadId, memberId, tasks }) => ({
      name: threadId,
      memberId,
      tasks,
    }));
  }

  /**
   * Adds a stream loop, to which the group gives tasks of the others (Kafka: `KafkaStreams.addStreamThread`).
   *
   * @returns how many there are then
   * @throws ApplicationError `APPLICATION_CLOSED`, `TAP_NEEDS_ONE_THREAD`
   */
  addThread(): number {
    const { threads, taps } = this.#parts;
    if (taps.areAny) throw tapNeedsOneThread();
    if (threads.add() === undefined) throw closedError(this.applicationId);
    return threads.count;
  }

  /**
   * Ends the stream loop that was begun last, once it has committed; the others get its tasks (Kafka:
   * `KafkaStreams.removeStreamThread`). Without any the application waits for the next one.
   *
   * @returns how many there are then
   */
  async removeThread(): Promise<number> {
    await this.#parts.threads.remove();
    return this.#parts.threads.count;
  }

  /** Stops processing (Kafka: `KafkaStreams.pause`); the application stays in its group, and restores go on. */
  pause(): void {
    this.#parts.pausing.isPaused = true;
    this.#parts.threads.wake(); // those with threads of their own learn it so
  }

  resume(): void {
    this.#parts.pausing.isPaused = false;
    this.#parts.threads.wake();
  }

  get isPaused(): boolean {
    return this.#parts.pausing.isPaused;
  }

  /** All metrics of the application, under Kafka's names where it has one. */
  metrics(): readonly MetricValue[] {
    const { platform, threads } = this.#parts;
    const ofThreads = threads.hosts.filter(isThreadHost).flatMap(({ metrics }) => metrics);
    return addedUp([...platform.metrics.snapshot(), ...ofThreads]);
  }

  /**
   * Listens to the records of a stream, or to the changes of a table, that the tasks of this process pass on from now on,
   * without a node in the topology: what bridges to other libraries are made of. Where nobody listens it costs nothing.
   * Dispose of what it gives to end it; a tap of an application that has ended is told so at once.
   *
   * @param place a stream or a table of the program, or the name of a node
   * @throws TopologyError `FOREIGN_STREAM`, `UNKNOWN_PROCESSOR`; ApplicationError `TAP_NEEDS_ONE_THREAD`
   * @example
   * using _ = app.tap(orders, {
   *   take: (record) => latest.set(record.key, record.value),
   *   committed: () => {},
   *   discarded: () => {},
   *   hasRoom: true,
   *   awaitsCommit: false,
   *   ended: () => {},
   * });
   */
  tap(place: AnyStream | AnyTable | string, tap: RecordTap): OpenTap {
    const { taps, topology, options, platform, threads } = this.#parts;
    if (threads.count > 1 || threads.hosts.some(isThreadHost)) throw tapNeedsOneThread();
    const node = nodeOfHandle(topology, place, "tap");
    const tags = { application: this.applicationId, node };
    taps.add(node, tap);
    return {
      isExactlyOnce: options.isExactlyOnce,
      dropped: platform.metrics.counter("tap-records-dropped-total", tags),
      roomMade: () => taps.roomMade(),
      [Symbol.dispose]: () => taps.remove(node, tap),
    };
  }

  /**
   * Copies the stores of the tasks that run here, as of their last commits, to where others can start from (`stateFrom`);
   * the tasks go on meanwhile. Each instance copies its own: have all of them do so. A task without committed state, or one
   * that moves away meanwhile, is left out.
   *
   * @returns what was written, a snapshot for each task
   * @throws OptionError; SnapshotError `SNAPSHOT_STORE_FAILED`, `SNAPSHOT_STORE_UNKNOWN`; the signal's reason;
   *   ApplicationError `APPLICATION_CLOSED`
   * @example
   * await app.snapshot({ to: "./snapshots", keep: 2 });
   */
  async snapshot(options: SnapshotOptions = {}): Promise<readonly WrittenSnapshot[]> {
    const { keep, signal, to } = readOptions(snapshotOptionTable, options);
    const place = to ?? this.#parts.options.stateFrom;
    if (place === undefined)
      throw new OptionError(
        "INVALID_OPTION",
        "app.snapshot: give a place, { to }: the application has no stateFrom",
      );
    using ends = new JoinedSignal(this.#stop.signal, signal);
    const order = { to: place, keep, signal: ends.signal };
    order.signal.throwIfAborted();
    return await snapshotLoops(this.#parts.threads.hosts, order);
  }

  /**
   * A store, to be asked beside the tasks, wherever in the application its partitions are (Kafka: `KafkaStreams.store`,
   * `KafkaStreams.query`). A table, or the specification of a store, says its types. With exactly-once answers are of
   * what is committed; `isolation: "live"` sees what is not yet. Of a name the caller says the type:
   * `app.store<KeyValueQueries<string, number>>("counts")`.
   *
   * @throws QueryError `UNKNOWN_STORE`, `WRONG_QUERY`; OptionError
   * @example
   * const counts = builder.stream(orders).groupByKey().count({ store: "orders-per-customer" });
   * await app.store(counts).get("anna");
   * for await (const change of app.store(counts).changes()) console.log(change.key, change.value);
   */
  store<Queries = AnyQueries>(name: string, options?: QueryOptions): Queries;
  store<Handle extends QueryHandle>(handle: Handle, options?: QueryOptions): QueriesOf<Handle>;
  store(handle: QueryHandle, options?: QueryOptions): unknown {
    return this.#queries.queries.open(handle, options);
  }

  /**
   * What answers requests for this application, to be mounted in a server of yours: health, readiness, and to other
   * instances what is in the stores here. It is a `fetch` handler, as Hono, Deno and Bun take them; `nodeListener` makes
   * one for `node:http`, Express and Fastify of it.
   *
   * @example
   * const server = new Hono().mount("/", app.handler());
   */
  handler(options?: HandlerOptions): FetchHandler {
    const { options: settings, state } = this.#parts;
    const { service } = this.#queries;
    return appHandler(
      {
        service,
        querySecret: settings.querySecret,
        state: () => state.current,
        tasks: () => this.tasks,
        snapshot: settings.stateFrom === undefined ? undefined : (given) => this.snapshot(given),
      },
      options,
    );
  }

  /**
   * Which partition a key of a store is in, and who has it, as far as this instance was told (Kafka:
   * `queryMetadataForKey`). Queries find it by themselves: it is for programs that route requests of their own.
   *
   * @throws QueryError `UNKNOWN_STORE`, `NOT_PRESENT`
   */
  keyOwners(
    handle: QueryHandle,
    key: unknown,
    options: Pick<QueryOptions, "partitioner" | "signal"> = {},
  ): Promise<KeyOwners> {
    return this.#queries.queries.ownersOf(handle, key, options);
  }

  /** The instances that have an address, this one too, and the inputs of their tasks (Kafka: `metadataForAllStreamsClients`). */
  get instances(): TaskOwners["instances"] {
    return this.#queries.owners.instances;
  }

  /**
   * Stops polling, commits, leaves the group. Ends within `closeTimeout`. Twice is fine.
   *
   * @param options with `{ group: "remain" }` the group keeps its places for `sessionTimeout`, so that a restart within it
   *   moves no tasks (Kafka, KIP-1153: `CloseOptions`)
   * @throws OptionError `INVALID_OPTION`
   */
  async close(options: CloseOptions = {}): Promise<void> {
    this.#parts.threads.leaveBy(readOptions(closeOptionTable, options).group);
    this.#requestStop();
    await this.closed.catch(() => {}); // a failure was told through `closed` already
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #requestStop(): void {
    this.#parts.state.to("closing");
    if (!this.#stop.signal.aborted) this.#stop.abort(closedError(this.applicationId));
  }

  async #prepare(signal: AbortSignal): Promise<void> {
    const { platform, topology } = this.#parts;
    const { applicationId: application } = this;
    const preparations = serdeUsesOf(topology.subtopologies(application), topology.globalStores);
    await prepareSerdes(preparations, { application, platform, signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  async #run(): Promise<void> {
    const { threads, global, options, stateDirectory, platform, gone, state, upkeep } = this.#parts;
    const stopRequested = (): void => this.#requestStop();
    const clusterGone = (): void => {
      state.to("failing");
      this.#requestStop();
    };
    gone?.addEventListener("abort", clusterGone, { once: true });
    options.signal?.addEventListener("abort", stopRequested, { once: true });
    try {
      state.to("rebalancing");
      if (gone?.aborted === true) clusterGone();
      if (options.signal?.aborted === true) this.#requestStop();
      const { signal } = this.#stop;
      await this.#prepare(signal);
      await (global === undefined
        ? threads.run(signal)
        : runWithGlobalStores({ threads, global }, signal));
    } catch (error) {
      state.to("failing");
      if (this.#tellsFailure)
        platform.logger.log("error", "streams.application-failed", {
          application: this.applicationId,
          cause: error,
        });
      throw error;
    } finally {
      gone?.removeEventListener("abort", clusterGone);
      options.signal?.removeEventListener("abort", stopRequested);
      await upkeep?.close();
      stateDirectory?.close();
      this.#queries.closing.abort(closedError(this.applicationId));
    }
  }
}

function closedError(applicationId: string): ApplicationError {
  return new ApplicationError("APPLICATION_CLOSED", `application ${applicationId} is closed`);
}

/** What is taken by one loop is committed by that one alone: a tap could not tell. */
function tapNeedsOneThread(): ApplicationError {
  return new ApplicationError(
    "TAP_NEEDS_ONE_THREAD",
    "a tap follows the commits of one thread, and this application has, or is to have, several: start it with threads: 1, or write to a topic what is to be followed",
  );
}
