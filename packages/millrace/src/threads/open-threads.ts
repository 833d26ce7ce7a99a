import { OptionError, shown, type ReadOptions } from "@millrace/model";
import type { Platform } from "@millrace/platform";
import type { OpenThread } from "@millrace/streams";

import { isClusterClient, type ConnectedCluster } from "../cluster-address.ts";
import { EmbeddedCluster } from "../embedded/embedded-cluster.ts";
import type { ApplicationEngine } from "../engine/application-engine.ts";
import {
  dividedOptions,
  type applicationOptionTable,
  type StreamsOptions,
} from "../streams-options.ts";
import { isClonable } from "./told-failure.ts";
import { WorkerHost } from "./thread-host.ts";

/** Called where they were given: threads need not know of them. */
const kept = [
  "logger",
  "signal",
  "onStateChange",
  "onRestore",
  "onUncaughtError",
  "serve",
] as const;

export interface ThreadsOptions {
  /** Those that the program was started with, without its module's. */
  readonly given: StreamsOptions;
  readonly read: ReadOptions<typeof applicationOptionTable.rows>;
  readonly platform: Platform;
  readonly connected: Pick<ConnectedCluster, "connection" | "gone">;
  readonly storeEngine: ApplicationEngine;
}

/** Opens loops in worker threads, which load the module for themselves. */
export function threadOpener(
  module: URL,
  { given, read, platform, connected, storeEngine }: ThreadsOptions,
): OpenThread {
  const { core } = dividedOptions(sendable(given));
  const { connection, gone } = connected;
  const { rocksdbMemoryMax, logLevel, threads, cacheBytesMax } = read;
  const orders = {
    module: module.href,
    data: read.data,
    options: { ...core, threads: 1, cacheBytesMax: Math.floor(cacheBytesMax / threads) },
    // Of what cannot be sent each thread has its module's: see `checkSendable`.
    cluster: isClonable(connection) ? connection : undefined,
    storeEngine,
    rocksdbMemoryMax: Math.ceil(rocksdbMemoryMax / threads),
    logLevel,
    tellsLog: given.logger !== undefined,
  };
  return (owner) => {
    const { number, processId, directory, topicIds } = owner;
    return WorkerHost.open(
      {
        ...orders,
        number,
        processId,
        directory,
        isPaused: owner.isPaused(),
        idleTasks: owner.idleTasks(),
        topicIds: topicIds && { path: topicIds.path, ids: topicIds.read() },
      },
      { owner, platform, gone, closeTimeoutMs: read.closeTimeout },
    );
  };
}

/** @throws OptionError: what is given for threads cannot be sent to them */
export function checkSendable(options: StreamsOptions): void {
  const { cluster, ...others } = sendable(options);
  // An embedded cluster is told by its address; a client of the caller's is not told at all.
  const isTold = cluster instanceof EmbeddedCluster || isClusterClient(cluster);
  for (const [name, value] of Object.entries(isTold ? others : { cluster, ...others }))
    if (!isClonable(value) || (name !== "data" && losesMethods(value)))
      throw new OptionError(
        "INVALID_OPTION",
        `${name} was given ${shown(value)}, which cannot be sent to a thread; ${insteadOf(name)}`,
      );
}

function insteadOf(name: string): string {
  return name === "data"
    ? "give what can be, and have the module make functions and the like of it"
    : `have the module export it: export const options = (data) => ({ ${name}: … })`;
}

/** What a class made is sent without what its class gives it. */
function losesMethods(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value) as object | null;
  const isOfClass = prototype !== null && Object.getPrototypeOf(prototype) !== null;
  return isOfClass && Object.getOwnPropertyNames(prototype).length > 1;
}

function sendable(options: StreamsOptions): StreamsOptions {
  const others: Record<string, unknown> = { ...options };
  for (const name of kept) delete others[name];
  // Nor what is undefined: the module may give it.
  for (const [name, value] of Object.entries(others)) if (value === undefined) delete others[name];
  return others as unknown as StreamsOptions; // those that are left out may be
}
