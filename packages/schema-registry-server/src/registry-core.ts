import { connect, type KafkaClient } from "@millrace/client";
import type { Offset } from "@millrace/model";
import { JoinedSignal, type Platform, type Timer } from "@millrace/platform";
import { avroFormat } from "@millrace/serde-avro";
import { jsonSchemaFormat } from "@millrace/serde-json-schema";
import { protobufFormat } from "@millrace/serde-protobuf";

import { GroupLeadership } from "./leader/group-leadership.ts";
import { decodeKey } from "./records/topic-keys.ts";
import { idsEntry } from "./registry/delete-schemas.ts";
import { RefusedRecords } from "./registry/refused-records.ts";
import { Registry } from "./registry/registry.ts";
import { RegistryError } from "./registry-error.ts";
import { RegistryApp } from "./rest/registry-app.ts";
import { serverRoutes } from "./rest/server-routes.ts";
import type { RegistryServerSettings } from "./server-options.ts";
import { applyRecord, type TopicRecord } from "./state/apply-record.ts";
import { RegistryState } from "./state/registry-state.ts";
import { makeTopic } from "./topic/make-topic.ts";
import { SchemasTopic } from "./topic/schemas-topic.ts";

const version = "8.5.0-millrace";
const retryMs = 500;
/** When a start says that it waits for its group. */
const tellJoinMs = 1000;

/** The registry behind its listener. */
export class RegistryCore {
  readonly app: RegistryApp;
  readonly #platform: Platform;
  readonly #settings: RegistryServerSettings;
  readonly #client: KafkaClient;
  readonly #state = new RegistryState();
  readonly #refused = new RefusedRecords();
  readonly #registry: Registry;
  readonly #closing = new AbortController();
  #clusterId = "";
  #topic: SchemasTopic | undefined;
  #leadership: GroupLeadership | undefined;
  #isReady = false;

  constructor(platform: Platform, settings: RegistryServerSettings) {
    this.#platform = platform;
    this.#settings = settings;
    const { compatibilityLevel, modeMutability, ruleSets } = settings;
    const { bootstrapServers, ssl, sasl, codecs } = settings;
    const clientId = "schema-registry";
    this.#client = connect(platform, { bootstrapServers, ssl, sasl, codecs, clientId });
    this.#registry = new Registry({
      state: this.#state,
      log: {
        readToEnd: () => this.#opened().readToEnd(),
        append: (entries) => this.#opened().append(entries),
      },
      formats: [jsonSchemaFormat, protobufFormat, avroFormat],
      settings: {
        compatibilityLevel,
        isModeMutable: modeMutability,
        keepsRuleSets: ruleSets === "keep",
      },
    });
    this.app = new RegistryApp({
      registry: this.#registry,
      leadership: { change: (request, work) => this.#leading().change(request, work) },
      logger: platform.logger,
      serverRoutes: serverRoutes({
        version,
        clusterId: () => this.#clusterId,
        groupId: settings.groupId,
      }),
      notReady: () => (this.#isReady ? undefined : "the registry is still reading its topic"),
    });
  }

  get isLeader(): boolean {
    return this.#leadership?.isLeader ?? false;
  }

  async open(port: number): Promise<void> {
    const { topic, timeout, recordBytesMax, startTimeout, signal } = this.#settings;
    const late = new AbortController();
    const timer = this.#platform.timers.after(startTimeout, () => late.abort(notStarted()));
    let awaited: Timer | undefined;
    using ends = new JoinedSignal(late.signal, this.#closing.signal, signal);
    const ended = ends.signal;
    try {
      await this.#retrying(ended, async () => {
        await makeTopic(this.#client, topic, ended);
        this.#clusterId = (await this.#client.admin.describeCluster(ended)).clusterId;
      });
      this.#topic = new SchemasTopic(this.#platform, this.#client, {
        topic,
        timeoutMs: timeout,
        recordBytesMax,
        onRecord: (record, offset) => this.#take(record, offset),
      });
      await this.#retrying(ended, () => this.#opened().readToEnd());
      this.#leadership = this.#join(port);
      this.#isReady = true; // who only reads needs no leader
      awaited = this.#platform.timers.after(tellJoinMs, () => this.#tellJoin());
      await abortedOr(this.#leadership.joined, ended);
    } finally {
      timer.cancel();
      awaited?.cancel();
    }
  }

  beginClose(): void {
    this.#closing.abort(new RegistryError("STORE_FAILED", "the registry is closed"));
  }

  async close(): Promise<void> {
    this.beginClose();
    await this.#leadership?.close();
    await this.#topic?.close();
    await this.#client.close();
  }

  #tellJoin(): void {
    const { groupId, sessionTimeout } = this.#settings;
    this.#platform.logger.log("info", "schema-registry-server.group-awaited", {
      groupId,
      sessionTimeoutMs: sessionTimeout,
      advice:
        "a registry that ended without leaving keeps its seat until its session is over; reads are answered",
    });
  }

  #opened(): SchemasTopic {
    if (this.#topic !== undefined) return this.#topic;
    throw new RegistryError("STORE_FAILED", "the topic is not open yet");
  }

  #leading(): GroupLeadership {
    if (this.#leadership !== undefined) return this.#leadership;
    throw new RegistryError("LEADER_UNKNOWN", "this registry has not joined its group yet");
  }

  #join(port: number): GroupLeadership {
    const { groupId, groupInstanceId, advertisedHost, host, tls, leaderEligibility } =
      this.#settings;
    const { sessionTimeout, timeout } = this.#settings;
    return new GroupLeadership({
      platform: this.#platform,
      client: this.#client,
      groupId,
      groupInstanceId,
      identity: {
        host: advertisedHost ?? host,
        port,
        scheme: tls === undefined ? "http" : "https",
        isEligible: leaderEligibility,
      },
      sessionTimeoutMs: sessionTimeout,
      timeoutMs: timeout,
      takeOver: () => this.#takeOver(),
      readToEnd: () => this.#opened().readToEnd(),
    });
  }

  /** A new leader has read all, says which ids were given, and mends what no reader takes. */
  async #takeOver(): Promise<void> {
    const topic = this.#opened();
    await topic.readToEnd();
    await topic.append([idsEntry(this.#registry), ...this.#refused.mended(this.#state)]);
  }

  #take(record: TopicRecord, offset: Offset): void {
    const outcome = applyRecord(this.#state, record);
    const key = record.key === null ? undefined : decodeKey(record.key);
    this.#refused.note(key, outcome);
    if (outcome.kind === "applied") return;
    const { topic } = this.#settings;
    const reason =
      outcome.kind === "unreadable" ? outcome.reason : "its id or version is another schema's";
    this.#platform.logger.log("warn", "schema-registry-server.record-passed-over", {
      topic,
      offset,
      reason,
    });
    if (outcome.kind === "refused") void this.#mend();
  }

  /** What was refused while this one leads: another one wrote late. */
  async #mend(): Promise<void> {
    try {
      await this.#leadership?.maintain(async () => {
        await this.#opened().readToEnd();
        if (!this.#refused.isEmpty) await this.#opened().append(this.#refused.mended(this.#state));
      });
    } catch (error) {
      this.#platform.logger.log("warn", "schema-registry-server.mend-failed", {
        cause: String(error),
      });
    }
  }

  async #retrying(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const { logger, timers } = this.#platform;
    for (let isTold = false; ; isTold = true) {
      try {
        signal.throwIfAborted();
        return await work();
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof RegistryError && !error.retriable) throw error;
        if (!isTold)
          logger.log("warn", "schema-registry-server.cluster-away", { cause: String(error) });
        await timers.sleep(retryMs, signal);
      }
    }
  }
}

function notStarted(): RegistryError {
  return new RegistryError(
    "STORE_FAILED",
    "the registry could not start within startTimeout: the cluster is away, or does not answer; the log tells more",
  );
}

async function abortedOr(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
    aborted.promise.catch(() => {});
  }
}
