import type { Platform } from "@millrace/platform";

import type { TaskId } from "../processor/task-id.ts";
import { AppQueries } from "../query/app-queries.ts";
import { LocalAnswers, type QueryableTask } from "../query/local-answers.ts";
import { PartitionAsker } from "../query/partition-asker.ts";
import { QueryService } from "../query/query-service.ts";
import { QueryableStores } from "../query/queryable-stores.ts";
import { ThreadAnswers } from "../query/thread-answers.ts";
import { TaskOwners } from "../query/task-owners.ts";
import type { GlobalLoop } from "../runtime/global-loop.ts";
import type { Topology } from "../topology/topology.ts";
import { findQueryable } from "./find-queryable.ts";
import type { InlineLoop } from "./inline-loop.ts";
import type { StreamThreads } from "./stream-threads.ts";
import { isThreadHost } from "./thread-host.ts";
import type { ResolvedStreamsOptions } from "./resolved-options.ts";
import type { StreamsEnvironment } from "./streams-environment.ts";

interface QueriedParts {
  readonly topology: Topology;
  readonly options: ResolvedStreamsOptions;
  readonly inline: () => readonly InlineLoop[];
  readonly global: GlobalLoop | undefined;
  readonly platform: Platform;
  readonly threads: StreamThreads;
}

/** The stores of an application, for whoever asks. */
export interface OpenedQueries {
  readonly queries: AppQueries;
  readonly owners: TaskOwners;
  readonly service: QueryService;
  /** Ends what waits for answers. */
  readonly closing: AbortController;
}

/** What an application answers queries with, and asks others. */
export function openQueries(
  { topology, options, inline, global, platform, threads }: QueriedParts,
  {
    cluster,
    transport,
    openThread,
  }: Pick<StreamsEnvironment, "cluster" | "transport" | "openThread">,
): OpenedQueries {
  const { applicationId, isExactlyOnce, metadataAgeMsMax, applicationServer } = options;
  const { globalStores } = topology;
  const hasThreads = openThread !== undefined;
  const closing = new AbortController();
  const stores = new QueryableStores(topology.subtopologies(applicationId), globalStores);
  const find = (taskId: TaskId | undefined): QueryableTask | undefined =>
    findQueryable(taskId, { loops: inline(), global, globalStores });
  const isolation = isExactlyOnce ? "committed" : "live";
  const local = hasThreads
    ? new ThreadAnswers(stores, () => threads.hosts.filter(isThreadHost))
    : new LocalAnswers({ stores, find, platform, isolation });
  const owners = new TaskOwners(() => threads.groupHosts);
  const asker = new PartitionAsker({
    platform,
    applicationId,
    local,
    owners,
    transport,
    ownAddress: applicationServer?.replace(/^https?:\/\//, ""),
  });
  const queries = new AppQueries({
    stores,
    local,
    owners,
    asker,
    admin: cluster.admin,
    openReader: (readIsolation) => cluster.openReader({ isolation: readIsolation }),
    isExactlyOnce,
    platform,
    metadataAgeMsMax,
    closing: closing.signal,
  });
  return { queries, owners, closing, service: new QueryService(local, applicationId) };
}
