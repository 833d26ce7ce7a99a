import type { MetricTags, MetricValue, Platform } from "@millrace/platform";
import { zeroUuid } from "@millrace/protocol/wire";
import type { GroupCoordinator } from "../coordinator/group/group-coordinator.ts";
import type { GroupOffsets } from "../coordinator/group/offsets/group-offsets.ts";
import type { MetadataImage } from "../metadata/metadata-image.ts";
import type { Partitions } from "../partition/partitions.ts";
import { lagVerdicts } from "./lag-verdict.ts";
import { LagWatch } from "./lag-watch.ts";
import { recordsBehind } from "./records-behind.ts";
import type { MetricName } from "./metric-descriptions.ts";
import type { RequestMetrics } from "./request-metrics.ts";
import type { TopicMetrics } from "./topic-metrics.ts";
import type { UpkeepMetrics } from "./upkeep-metrics.ts";

/** Partitions and commits that are looked at before others have their turn. */
const atOnce = 500;

/** What is read for the metrics. */
export interface MetricSources {
  readonly platform: Platform;
  readonly image: MetadataImage;
  readonly partitions: Partitions;
  readonly groups: GroupCoordinator;
  readonly topicMetrics: TopicMetrics;
  readonly fetchSessions: { readonly size: number };
  readonly deliveries: ShareDeliveryCounts;
  readonly requests: RequestMetrics;
  readonly upkeep: UpkeepMetrics;
  readonly directory: { readonly failedWriteCount: number };
  readonly server: {
    readonly connectionCount: number;
    readonly requestBytes: number;
    readonly unreadBytes: number;
  };
}

/** What share groups have under way. */
export interface ShareDeliveryCounts {
  readonly sessions: { readonly size: number };
  inFlight(): Iterable<{
    readonly groupId: string;
    readonly topic: string;
    readonly partition: number;
    readonly count: number;
  }>;
}

type Add = (name: MetricName, value: number, tags?: MetricTags) => void;

/** Metrics of a broker: read from what is there, so that nothing is left of what was deleted. */
export class BrokerMetrics {
  readonly #sources: MetricSources;
  readonly #watch = new LagWatch();
  #collecting: Promise<readonly MetricValue[]> | undefined;

  constructor(sources: MetricSources) {
    this.#sources = sources;
  }

  /** All values now; who asks while they are read gets the same ones. */
  collect(): Promise<readonly MetricValue[]> {
    this.#collecting ??= this.#collect().finally(() => (this.#collecting = undefined));
    return this.#collecting;
  }

  async #collect(): Promise<readonly MetricValue[]> {
    const values: MetricValue[] = [];
    const add: Add = (name, value, tags = {}) => values.push({ name, tags, value });
    this.#addTopics(add);
    this.#addRequests(add);
    this.#addUpkeep(add);
    await this.#addPartitions(add);
    await this.#addGroups(add);
    return values;
  }

  #addTopics(add: Add): void {
    const { topicMetrics: topics } = this.#sources;
    for (const [topic, counts] of topics.all()) {
      const tags = { topic };
      add("kafka_server_brokertopicmetrics_messagesin_total", counts.messagesIn, tags);
      add("kafka_server_brokertopicmetrics_bytesin_total", counts.bytesIn, tags);
      add("kafka_server_brokertopicmetrics_bytesout_total", counts.bytesOut, tags);
    }
    for (const [tags, counts] of [
      [{}, topics.unknown] as const,
      ...[...topics.all()].map(([topic, of]) => [{ topic }, of] as const),
    ]) {
      add(
        "kafka_server_brokertopicmetrics_totalproducerequests_total",
        counts.produceRequests,
        tags,
      );
      add("kafka_server_brokertopicmetrics_totalfetchrequests_total", counts.fetchRequests, tags);
      add(
        "kafka_server_brokertopicmetrics_failedproducerequests_total",
        counts.failedProduceRequests,
        tags,
      );
      add(
        "kafka_server_brokertopicmetrics_failedfetchrequests_total",
        counts.failedFetchRequests,
        tags,
      );
    }
  }

  #addRequests(add: Add): void {
    const { requests, server } = this.#sources;
    for (const { api: request, ...counts } of requests.apis()) {
      const tags = { request };
      add("kafka_network_requestmetrics_requests_total", counts.requests, tags);
      add("kafka_network_requestmetrics_errors_total", counts.errors, tags);
      add("kafka_network_requestmetrics_requestbytes_total", counts.requestBytes, tags);
      add("kafka_network_requestmetrics_totaltimems_total", counts.totalMs, tags);
    }
    for (const { listener, ...counts } of requests.signIns()) {
      const tags = { listener };
      const stem = "kafka_server_socketservermetrics";
      add(`${stem}_successful_authentication_total`, counts.succeeded, tags);
      add(`${stem}_failed_authentication_total`, counts.failed, tags);
      add(`${stem}_successful_reauthentication_total`, counts.succeededAgain, tags);
      add(`${stem}_failed_reauthentication_total`, counts.failedAgain, tags);
      add("millrace_tls_handshakes_failed_total", counts.failedHandshakes, tags);
    }
    add("kafka_server_socketservermetrics_connection_count", server.connectionCount);
    add(
      "kafka_server_socketservermetrics_connections_accepted_total",
      requests.acceptedConnections,
    );
    add("millrace_connections_refused_total", requests.refusedConnections);
    add(
      "kafka_server_fetchsessioncache_numincrementalfetchsessions",
      this.#sources.fetchSessions.size,
    );
    const { deliveries } = this.#sources;
    add("kafka_server_sharesessioncache_sharesessionscount", deliveries.sessions.size);
    for (const { groupId, topic, partition, count } of deliveries.inFlight())
      add("kafka_server_sharepartitionmetrics_inflightmessagecount", count, {
        group: groupId,
        topic,
        partition: String(partition),
      });
    add("kafka_network_socketserver_memorypoolused", server.requestBytes);
    add("millrace_slow_requests_closed_total", requests.slowRequests);
    add("millrace_unread_answer_bytes", server.unreadBytes);
  }

  #addUpkeep(add: Add): void {
    const { upkeep } = this.#sources;
    const { lastCleaning: last } = upkeep;
    add("kafka_log_logcleanermanager_max_dirty_percent", Math.floor(100 * upkeep.dirtyRatioMax));
    add("kafka_log_logcleanermanager_time_since_last_run_ms", upkeep.sinceLastRunMs);
    add("kafka_log_logcleanermanager_uncleanable_partitions_count", upkeep.uncleanablePartitions);
    add("kafka_log_logcleanermanager_uncleanable_bytes", upkeep.uncleanableBytes);
    const percent = (part: number, whole: number) =>
      whole === 0 ? 0 : Math.floor((100 * part) / whole);
    add("kafka_log_logcleaner_max_clean_time_secs", (last?.durationMs ?? 0) / 1000);
    add(
      "kafka_log_logcleaner_cleaner_recopy_percent",
      percent(last?.sizeBytesAfter ?? 0, last?.sizeBytesBefore ?? 0),
    );
    add("kafka_log_logcleaner_max_buffer_utilization_percent", percent(last?.offsetMapUse ?? 0, 1));
    add("millrace_log_failed_writes_total", this.#sources.directory.failedWriteCount);
    for (const [reason, bytes] of upkeep.removedBytes)
      add("millrace_log_removed_bytes_total", bytes, { reason });
  }

  async #addPartitions(add: Add): Promise<void> {
    const { partitions, platform } = this.#sources;
    const topics = new Set<string>();
    const all = [...partitions.all()];
    let offlineCount = 0;
    for (const [index, one] of all.entries()) {
      if (index % atOnce === atOnce - 1) await platform.timers.yield();
      topics.add(one.topic);
      const tags = { topic: one.topic, partition: String(one.partition) };
      if (!one.hasLeader) offlineCount++;
      add("kafka_log_log_size", one.sizeBytes, tags);
      add("kafka_log_log_logstartoffset", one.logStartOffset, tags);
      add("kafka_log_log_logendoffset", one.logEndOffset, tags);
    }
    add("kafka_controller_kafkacontroller_globaltopiccount", topics.size);
    add("kafka_controller_kafkacontroller_globalpartitioncount", all.length);
    add("kafka_controller_kafkacontroller_offlinepartitionscount", offlineCount);
  }

  /** Where the groups cannot be read there is nothing to tell; that the broker is not ready tells of it. */
  async #addGroups(add: Add): Promise<void> {
    const { groups, platform } = this.#sources;
    const [listed, committed] = [await groups.list(), await groups.offsets.all()];
    if (typeof listed === "number" || typeof committed === "number") return;
    const counts = new Map<string, { readonly tags: MetricTags; count: number }>();
    for (const { type: protocol, state } of listed) {
      const known = counts.get(`${protocol} ${state}`);
      if (known !== undefined) known.count++;
      else counts.set(`${protocol} ${state}`, { tags: { protocol, state }, count: 1 });
    }
    for (const { tags, count } of counts.values())
      add("kafka_server_group_coordinator_metrics_group_count", count, tags);
    const groupIds = new Set(listed.map(({ groupId }) => groupId));
    for (const [index, commit] of committed.entries()) {
      if (index % atOnce === atOnce - 1) await platform.timers.yield();
      if (groupIds.has(commit.groupId)) this.#addLag(add, commit);
    }
    this.#watch.endRound();
  }

  #addLag(add: Add, commit: Commit): void {
    const { image, partitions, platform } = this.#sources;
    const { groupId, topic, partition, topicId, offset, commitTimestamp } = commit;
    const found = partitions.find(topic, partition);
    const isOfTopic = topicId === zeroUuid || topicId === image.topic(topic)?.topicId;
    if (found === undefined || !isOfTopic) return;
    const lag = Math.max(0, found.highWatermark - offset);
    const key = `${groupId}\u0000${topic}\u0000${partition}`;
    const sample = { offset, commitTimestamp, lag: recordsBehind(found, offset) };
    const verdict = this.#watch.judge(key, sample, platform.clock.wallMs());
    const tags = { consumergroup: groupId, topic, partition: String(partition) };
    add("kafka_consumergroup_current_offset", offset, tags);
    add("kafka_consumergroup_lag", lag, tags);
    add("millrace_consumergroup_verdict", lagVerdicts.indexOf(verdict), tags);
  }
}

type Commit = Extract<Awaited<ReturnType<GroupOffsets["all"]>>, readonly unknown[]>[number];
