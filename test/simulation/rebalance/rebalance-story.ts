import { Broker } from "@millrace/broker";
import { encodeUtf8, noHeaders } from "@millrace/model";
import type { Platform } from "@millrace/platform";
import { drainTurn } from "@millrace/platform/node";
import { string } from "@millrace/serde";
import { Simulator } from "@millrace/simulator";
import { fileEngineProvider, memoryEngineProvider } from "@millrace/state";
import { StreamsApp, StreamsBuilder, type RestoreEvent, type Topology } from "@millrace/streams";

import {
  brokerPort,
  connectToBroker,
} from "../../../packages/testing/src/simulate/world/connect-to-broker.ts";
import { startWallMs } from "../simulation-context.ts";

const partitionCount = 6;
export const keysPerPartition = 400;
const recordEveryMs = 15;
/** Long enough for copies to be made, and for tasks to move to them. */
const afterReturnMs = 1_200;
/** How often it is looked whether a copy is ready to take its task over. */
const probingMs = 400;
const names = ["app-a", "app-b", "app-c"] as const;
type InstanceName = (typeof names)[number];

/** A record that an instance has processed. */
interface Turn {
  readonly atMs: number;
  readonly instance: InstanceName;
}

export interface RebalanceFigures {
  /** Longest time without a record of any task that stayed where it was. */
  readonly stayedPauseMs: number;
  /** Of those that moved: from the last record on one instance to the first on another, or in between. */
  readonly movedPauseMs: number;
  readonly movedTasks: number;
  /** Records that were restored before tasks of the instance that left could go on. */
  readonly restoredAfterLeaving: number;
  /** The same of tasks that the instance got when it had come back: what a copy of it lacked. */
  readonly restoredAfterReturning: number;
  /** Tasks that it got then. */
  readonly returnedTasks: number;
  readonly isEachCounted: boolean;
}

export interface RebalanceStory {
  readonly seed: number;
  readonly numStandbyReplicas: number;
  /** State lies in memory: what is restored is restored whole. */
  readonly isInMemory?: boolean;
  /** Records that a process may lack of a task's state and still get the task; default: as `StreamsApp.start`. */
  readonly acceptableRecoveryLag?: number;
}

/**
 * Three instances count under a steady load; one leaves, and comes back, in virtual time. A task's pause is a stretch
 * without any of its records being processed, while they come every few milliseconds.
 */
export async function tellRebalance(story: RebalanceStory): Promise<RebalanceFigures> {
  const simulator = new Simulator({ seed: story.seed, drain: drainTurn, startWallMs });
  const turns = Array.from({ length: partitionCount }, (): Turn[] => []);
  const events: { readonly instance: InstanceName; readonly event: RestoreEvent }[] = [];
  const running = new Map<InstanceName, StreamsApp>();
  const load = { isOver: false, count: 0 };
  const start = async (name: InstanceName, platform: Platform): Promise<void> => {
    const cluster = connectToBroker(platform, name);
    const app = await StreamsApp.start(
      topologyOf((partition) => turns[partition].push({ atMs: simulator.nowMs, instance: name })),
      {
        applicationId: "app",
        stateDirectory: "/state",
        commitInterval: 50,
        sessionTimeout: 1_500,
        heartbeatInterval: 100,
        numStandbyReplicas: story.numStandbyReplicas,
        acceptableRecoveryLag: story.acceptableRecoveryLag,
        probingRebalanceInterval: probingMs,
        onRestore: (event) => void events.push({ instance: name, event }),
      },
      {
        platform,
        cluster,
        engines: story.isInMemory === true ? memoryEngineProvider() : fileEngineProvider(platform),
        dispose: () => cluster.close(),
      },
    );
    running.set(name, app);
  };
  simulator.process("broker", { start: startBroker });
  const loader = simulator.process("loader");
  const loading = produce(loader.platform, load);
  await simulator.advance(500);
  const platforms = new Map(names.map((name) => [name, simulator.process(name).platform]));
  const platformOf = (name: InstanceName): Platform => platforms.get(name) ?? loader.platform;
  for (const name of names) {
    await simulator.until(start(name, platformOf(name)), { timeoutMs: 20_000 });
    await simulator.advance(200);
  }
  await simulator.advance(800);
  const leftMs = simulator.nowMs;
  const leaving = running.get("app-c");
  await simulator.until(leaving?.close() ?? Promise.resolve(), { timeoutMs: 5_000 });
  const firstEvents = events.length;
  await simulator.advance(1_000);
  const restoredSince = (first: number): number =>
    events
      .slice(first)
      .reduce((sum, { event }) => sum + (event.kind === "end" ? event.records : 0), 0);
  const restoredAfterLeaving = restoredSince(firstEvents);
  const returnedMs = simulator.nowMs;
  const eventsBefore = events.length;
  await simulator.until(start("app-c", platformOf("app-c")), { timeoutMs: 20_000 });
  await simulator.advance(afterReturnMs);
  load.isOver = true;
  await simulator.until(loading, { timeoutMs: 5_000 });
  await simulator.advance(300);
  const pauses = turns.map((own) => pausesOf(own.filter(({ atMs }) => atMs >= leftMs - 100)));
  for (const app of running.values()) await simulator.until(app.close(), { timeoutMs: 10_000 });
  return {
    stayedPauseMs: Math.max(0, ...pauses.map(({ stayedMs }) => stayedMs)),
    movedPauseMs: Math.max(0, ...pauses.map(({ movedMs }) => movedMs)),
    movedTasks: pauses.filter(({ movedMs }) => movedMs > 0).length,
    restoredAfterLeaving,
    restoredAfterReturning: restoredSince(eventsBefore),
    returnedTasks: turns.filter((own) =>
      own.some(({ atMs, instance }) => atMs >= returnedMs && instance === "app-c"),
    ).length,
    isEachCounted: turns.reduce((sum, own) => sum + own.length, 0) >= load.count,
  };
}

/** The longest gap around a change of the instance, and of all others. */
function pausesOf(turns: readonly Turn[]): { readonly stayedMs: number; readonly movedMs: number } {
  const gaps = turns.slice(1).map(({ atMs, instance }, index) => ({
    ms: atMs - turns[index].atMs,
    isMove: instance !== turns[index].instance,
  }));
  const longest = (isMove: boolean): number =>
    Math.max(0, ...gaps.filter((gap) => gap.isMove === isMove).map(({ ms }) => ms));
  return { stayedMs: longest(false), movedMs: longest(true) };
}

function topologyOf(note: (partition: number) => void): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream("lines", { key: string(), value: string() })
    .peek((value) => note(Number(value)))
    .groupByKey()
    .count({ store: "counts" });
  return builder.build();
}

async function startBroker(platform: Platform): Promise<void> {
  await Broker.start(platform, {
    dataDirectory: "/data",
    port: brokerPort,
    durability: "group",
    reserveBytes: 0,
    properties: {
      "offsets.topic.num.partitions": "2",
      "transaction.state.log.num.partitions": "2",
      "group.initial.rebalance.delay.ms": "20",
      "group.min.session.timeout.ms": "500",
    },
  });
}

/** A record of each partition every few milliseconds: as many keys as make state that takes its time to restore. */
async function produce(
  platform: Platform,
  load: { readonly isOver: boolean; count: number },
): Promise<void> {
  const client = connectToBroker(platform, "loader");
  await client.admin.createTopics([{ name: "lines", partitionCount }]);
  const writer = client.openWriter({});
  await writer.prepare(["lines"]);
  const append = (index: number): void => {
    const key = encodeUtf8(`key-${index % keysPerPartition}`);
    for (let partition = 0; partition < partitionCount; partition++) {
      const value = encodeUtf8(String(partition));
      writer.partition("lines", partition).append(startWallMs, key, value, noHeaders);
      load.count += 1;
    }
  };
  for (let index = 0; index < keysPerPartition; index++) append(index);
  for (let index = 0; !load.isOver; index++) {
    append(index);
    await writer.flush();
    await platform.timers.sleep(recordEveryMs);
  }
  await writer.close();
  await client.close();
}
