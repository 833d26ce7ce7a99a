import type { Clock, Platform } from "@millrace/platform";
import { memoryPlatform, type VirtualMemoryPlatform } from "@millrace/platform/memory";
import { Coordinators, type CoordinatorsOptions } from "../src/coordinator/coordinators.ts";
import { defaultGroupConfig } from "../src/coordinator/group/group-config.ts";
import {
  defaultConsumerGroupConfig,
  type ConsumerGroupConfig,
} from "../src/coordinator/group/consumer/consumer-config.ts";
import {
  defaultStreamsGroupConfig,
  type StreamsGroupConfig,
} from "../src/coordinator/group/streams/streams-config.ts";
import {
  defaultShareGroupConfig,
  type ShareGroupConfig,
} from "../src/coordinator/group/share/share-config.ts";
import { defaultTransactionConfig } from "../src/coordinator/transaction/transaction-config.ts";
import { MemoryCoordinatorLogs } from "./memory-coordinator-logs.ts";
import { MemoryMarkerWriter } from "./memory-marker-writer.ts";
import { MemoryTopics } from "./memory-topics.ts";

export interface CoordinatorWorldOptions {
  readonly syncMs?: number;
  /** Instead of the platform's. */
  readonly clock?: Clock;
  readonly groupConfig?: Partial<typeof defaultGroupConfig>;
  readonly consumerConfig?: Partial<ConsumerGroupConfig>;
  readonly streamsConfig?: Partial<StreamsGroupConfig>;
  readonly shareGroupConfig?: Partial<ShareGroupConfig>;
  readonly shareConfig?: Partial<CoordinatorsOptions["shareConfig"]>;
  readonly transactionConfig?: Partial<typeof defaultTransactionConfig>;
  readonly isEndTransactionEpochAccepted?: CoordinatorsOptions["isEndTransactionEpochAccepted"];
}

/** Both coordinators on logs in memory; they crash and restart when told. */
export class CoordinatorWorld {
  readonly platform: VirtualMemoryPlatform;
  readonly markers = new MemoryMarkerWriter();
  readonly topics = new MemoryTopics();
  /** Crash steps in the order in which they were reached. */
  readonly probed: string[] = [];
  /** By topic and partition, `t-0`. */
  readonly latestOffsets = new Map<string, number>();
  logs: MemoryCoordinatorLogs;
  coordinators: Coordinators;
  readonly #options: CoordinatorWorldOptions;
  #nextProducerId = 1000;

  constructor(options: CoordinatorWorldOptions = {}) {
    this.#options = options;
    this.platform = memoryPlatform();
    this.logs = new MemoryCoordinatorLogs({
      platform: this.platform,
      syncMs: options.syncMs,
    });
    this.coordinators = this.#start();
  }

  get groups(): Coordinators["groups"] {
    return this.coordinators.groups;
  }

  get share(): Coordinators["share"] {
    return this.coordinators.share;
  }

  get transactions(): Coordinators["transactions"] {
    return this.coordinators.transactions;
  }

  /** Runs until the answer is there. */
  ask<Answer>(answer: Promise<Answer>): Promise<Answer> {
    return this.platform.until(answer);
  }

  /**
   * The process dies; another one finds what was durable, and `keptUndurable` entries of what was
   * not.
   */
  async restart(keptUndurable: number = 0): Promise<void> {
    this.logs = this.logs.afterCrash(keptUndurable);
    this.coordinators.close();
    this.coordinators = this.#start();
    await this.platform.advance(0);
  }

  #start(): Coordinators {
    const { clock = this.platform.clock } = this.#options;
    const probe = (step: string) => this.probed.push(step);
    const platform: Platform = { ...this.platform, clock, probe };
    const coordinators = new Coordinators({
      groupsMax: 10_000,
      platform,
      logs: this.logs,
      markers: this.markers,
      producerIdBlocks: {
        allocate: () => {
          const firstProducerId = this.#nextProducerId;
          this.#nextProducerId += 1000;
          return Promise.resolve({ firstProducerId, size: 1000 });
        },
      },
      groupConfigs: {
        classic: {
          ...defaultGroupConfig,
          initialRebalanceDelayMs: 0,
          ...this.#options.groupConfig,
        },
        consumerOf: () => ({
          ...defaultConsumerGroupConfig,
          assignmentIntervalMs: 0,
          ...this.#options.consumerConfig,
        }),
        shareOf: () => ({
          ...defaultShareGroupConfig,
          assignmentIntervalMs: 0,
          ...this.#options.shareGroupConfig,
        }),
        streamsOf: () => ({
          ...defaultStreamsGroupConfig,
          initialRebalanceDelayMs: 0,
          assignmentIntervalMs: 0,
          ...this.#options.streamsConfig,
        }),
      },
      topics: this.topics,
      latestOffset: (topic, partition) => this.latestOffsets.get(`${topic}-${partition}`),
      shareConfig: {
        updatesPerSnapshot: 500,
        coldSnapshotIntervalMs: 300_000,
        ...this.#options.shareConfig,
      },
      transactionConfig: { ...defaultTransactionConfig, ...this.#options.transactionConfig },
      isEndTransactionEpochAccepted: this.#options.isEndTransactionEpochAccepted,
    });
    coordinators.start();
    return coordinators;
  }
}
