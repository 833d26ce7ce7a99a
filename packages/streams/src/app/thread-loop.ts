import type { MetricValue } from "@millrace/platform";

import { taskIdText, type TaskId } from "../processor/task-id.ts";
import { LocalAnswers, roleOf, type LocalRole } from "../query/local-answers.ts";
import { QueryableStores } from "../query/queryable-stores.ts";
import type { GlobalLoop } from "../runtime/global-loop.ts";
import { RecordTaps } from "../runtime/record-taps.ts";
import { runWithGlobalStores } from "../runtime/run-with-global-stores.ts";
import { serdeUsesOf } from "../topology/serde-uses.ts";
import type { Topology } from "../topology/topology.ts";
import { findQueryable } from "./find-queryable.ts";
import type { InlineLoop } from "./inline-loop.ts";
import { openGlobalLoop } from "./open-global-loop.ts";
import { openInlineLoop } from "./open-inline-loop.ts";
import type { LoopFolders } from "./process-parts.ts";
import { sharedParts } from "./shared-parts.ts";
import { prepareSerdes } from "./prepare-serdes.ts";
import { resolveOptions } from "./resolved-options.ts";
import type { StreamsEnvironment } from "./streams-environment.ts";
import type { StreamsOptions } from "./streams-options.ts";
import type { ThreadOwner } from "./thread-host.ts";

/** The other side of a `ThreadHost`: a loop with all that it needs, in a thread that has nothing else to do. */
export class ThreadLoop {
  readonly loop: InlineLoop;
  readonly answers: LocalAnswers;
  readonly #topology: Topology;
  readonly #environment: StreamsEnvironment;
  readonly #applicationId: string;
  readonly #global: GlobalLoop | undefined;

  /** @throws OptionError */
  constructor(
    topology: Topology,
    { options, owner }: { readonly options: StreamsOptions; readonly owner: ThreadOwner },
    environment: StreamsEnvironment,
  ) {
    const resolved = resolveOptions(options);
    const { platform } = environment;
    const { applicationId, isExactlyOnce } = resolved;
    const shares = {
      topology,
      options: resolved,
      processId: owner.processId,
      environment,
      directory: foldersOf(owner),
      claims: { claim: owner.claimTask },
      taps: new RecordTaps(),
      states: { tell: (_: number, state: "rebalancing" | "running") => owner.tellState(state) },
      shared: sharedParts({ topology, options: resolved }, environment),
      isPaused: owner.isPaused,
      tellNews: () => owner.tellNews(),
      tellRestore: owner.tellRestore,
      released: owner.released,
    };
    // No other thread sees these stores: each has its own.
    const folder = `global-${owner.number}`;
    const { directory } = owner;
    this.#global = openGlobalLoop(
      shares,
      directory === undefined ? folder : `${directory}/${folder}`,
    );
    this.loop = openInlineLoop({ ...shares, global: this.#global }, owner.number);
    const { globalStores } = topology;
    const stores = new QueryableStores(topology.subtopologies(applicationId), globalStores);
    const isolation = isExactlyOnce ? "committed" : "live";
    this.answers = new LocalAnswers({
      stores,
      find: (taskId) =>
        findQueryable(taskId, { loops: [this.loop], global: this.#global, globalStores }),
      platform,
      isolation,
    });
    this.#topology = topology;
    this.#environment = environment;
    this.#applicationId = applicationId;
  }

  get copies(): ReadonlyMap<string, LocalRole> {
    const copies = new Map<string, LocalRole>();
    for (const task of this.loop.copies)
      if (task.taskId !== undefined) copies.set(taskIdText(task.taskId), roleOf(task));
    return copies;
  }

  get metrics(): readonly MetricValue[] {
    return this.#environment.platform.metrics.snapshot();
  }

  /** As `LoopHost.run`. */
  async run(stop: AbortSignal): Promise<void> {
    const { globalStores } = this.#topology;
    const application = this.#applicationId;
    const uses = serdeUsesOf(this.#topology.subtopologies(application), globalStores);
    const { platform } = this.#environment;
    await prepareSerdes(uses, { application, platform, signal: stop }).catch((error: unknown) => {
      if (!stop.aborted) throw error;
    });
    const global = this.#global;
    if (global === undefined) await this.loop.run(stop);
    else await runWithGlobalStores({ threads: this.loop, global }, stop);
  }
}

/** The folders are looked after by the application: here is what a loop asks of them. */
function foldersOf({ directory, topicIds, idleTasks }: ThreadOwner): LoopFolders | undefined {
  if (directory === undefined || topicIds === undefined) return undefined;
  const taskDirectory = (taskId: TaskId): string => `${directory}/${taskIdText(taskId)}`;
  return { taskDirectory, idleTasks, topicIds };
}
