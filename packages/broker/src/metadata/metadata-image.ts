import type { RegisterBrokerRecord } from "@millrace/protocol/definitions";
import type { VersionedTopics } from "../coordinator/topic-lookup.ts";
import type { ReadMetadataRecord } from "./metadata-record.ts";
import { AccessControlEntries } from "./access-control-entries.ts";
import { ClientQuotas } from "./client-quotas.ts";
import { DelegationTokens } from "./delegation-tokens.ts";
import { type ConfigChange, ResourceConfigs, resourceTypes } from "./resource-configs.ts";
import { ScramCredentials } from "./scram-credentials.ts";
import { collidingForm } from "./topic-name.ts";
import { isInternalTopic, type TopicImage } from "./topic-image.ts";

/**
 * What the cluster is, as a fold over `__cluster_metadata` (Kafka: `MetadataImage`): topics with their partitions
 * and configs, feature levels, producer ids handed out, starts of the broker, who may do what, users' credentials, their tokens, and quotas.
 */
export class MetadataImage implements VersionedTopics {
  readonly accessControl = new AccessControlEntries();
  readonly clientQuotas = new ClientQuotas();
  readonly scramCredentials = new ScramCredentials();
  readonly delegationTokens = new DelegationTokens();
  /** Of all but topics, which have theirs. */
  readonly configs = new ResourceConfigs();
  readonly #byName = new Map<string, TopicImage>();
  readonly #nameById = new Map<string, string>();
  readonly #colliding = new Map<string, string>();
  readonly #features = new Map<string, number>();
  #nextProducerId = 0;
  #starts: number;
  #partitionTotal = 0;
  #appliedOffset = -1;
  #namesOffset = -1;
  #registration: RegisterBrokerRecord | undefined;
  #directoryId: string | undefined;

  /** @param starts how often the broker was started before the first record that is folded in */
  constructor(starts = 0) {
    this.#starts = starts;
  }

  /** Offset of the last record folded in: the epoch of features and broker. */
  get appliedOffset(): number {
    return this.#appliedOffset;
  }

  /** Offset of the last record that made a topic, or removed one. */
  get namesOffset(): number {
    return this.#namesOffset;
  }

  /** First producer id that was not handed out. */
  get nextProducerId(): number {
    return this.#nextProducerId;
  }

  /** How often the broker was started on this log. */
  get starts(): number {
    return this.#starts;
  }

  /** Id of the directory that the broker was last started on; undefined: it was not noted. */
  get directoryId(): string | undefined {
    return this.#directoryId;
  }

  /** What the broker said of itself at its last start; undefined: there was none. */
  get registration(): RegisterBrokerRecord | undefined {
    return this.#registration;
  }

  get features(): ReadonlyMap<string, number> {
    return this.#features;
  }

  /** Of all topics together, without the cluster's own. */
  get partitionTotal(): number {
    return this.#partitionTotal;
  }

  get topicCount(): number {
    return this.#byName.size;
  }

  topics(): IterableIterator<TopicImage> {
    return this.#byName.values();
  }

  topicNames(): IterableIterator<string> {
    return this.#byName.keys();
  }

  topic(name: string): TopicImage | undefined {
    return this.#byName.get(name);
  }

  topicById(topicId: string): TopicImage | undefined {
    const name = this.#nameById.get(topicId);
    return name === undefined ? undefined : this.#byName.get(name);
  }

  /** Another topic whose name differs in `.` and `_` alone. */
  collidingTopic(name: string): string | undefined {
    const other = this.#colliding.get(collidingForm(name));
    return other === name ? undefined : other;
  }

  /** What is set for a group, by Kafka's names. */
  groupProperties(groupId: string): ReadonlyMap<string, string> {
    return this.configs.of(resourceTypes.GROUP, groupId);
  }

  partitionCount(topic: string): number | undefined {
    return this.#byName.get(topic)?.partitionCount;
  }

  topicId(topic: string): string | undefined {
    return this.#byName.get(topic)?.topicId;
  }

  topicName(topicId: string): string | undefined {
    return this.#nameById.get(topicId);
  }

  replay(record: ReadMetadataRecord, offset: number): void {
    this.#appliedOffset = offset;
    switch (record.kind) {
      case "topic":
        this.#namesOffset = offset;
        return this.#addTopic(record.value.name, record.value.topicId);
      case "partition":
        return this.#addPartition(record.value.topicId, record.value.partitionId);
      case "removeTopic":
        this.#namesOffset = offset;
        return this.#removeTopic(record.value.topicId);
      case "config":
        return this.#setConfig(record.value);
      case "featureLevel":
        this.#features.set(record.value.name, record.value.featureLevel);
        return;
      case "producerIds":
        this.#nextProducerId = record.value.nextProducerId;
        return;
      case "accessControlEntry":
        return this.accessControl.add(record.value);
      case "removeAccessControlEntry":
        return this.accessControl.remove(record.value.id);
      case "clientQuota":
        return this.clientQuotas.replay(record.value);
      case "userScramCredential":
        return this.scramCredentials.set(record.value);
      case "removeUserScramCredential":
        return this.scramCredentials.remove(record.value.name, record.value.mechanism);
      case "delegationToken":
        return this.delegationTokens.set(record.value);
      case "removeDelegationToken":
        return this.delegationTokens.remove(record.value.tokenId);
      case "registerBroker":
        this.#starts++;
        this.#registration = record.value;
        this.#directoryId = record.value.logDirs?.[0] ?? this.#directoryId;
    }
  }

  #addTopic(name: string, topicId: string): void {
    this.#put({ name, topicId, partitionCount: 0, properties: new Map() });
    this.#nameById.set(topicId, name);
    this.#colliding.set(collidingForm(name), name);
  }

  #addPartition(topicId: string, partition: number): void {
    const topic = this.topicById(topicId);
    if (topic === undefined) return;
    const partitionCount = Math.max(topic.partitionCount, partition + 1);
    if (!isInternalTopic(topic.name)) this.#partitionTotal += partitionCount - topic.partitionCount;
    this.#put({ ...topic, partitionCount });
  }

  #removeTopic(topicId: string): void {
    const topic = this.topicById(topicId);
    if (topic === undefined) return;
    if (!isInternalTopic(topic.name)) this.#partitionTotal -= topic.partitionCount;
    this.#byName.delete(topic.name);
    this.#nameById.delete(topicId);
    this.#colliding.delete(collidingForm(topic.name));
  }

  #setConfig(change: ConfigChange): void {
    if (change.resourceType !== resourceTypes.TOPIC) return this.configs.replay(change);
    const topic = this.#byName.get(change.resourceName);
    if (topic === undefined) return;
    const properties = new Map(topic.properties);
    if (change.value === null) properties.delete(change.name);
    else properties.set(change.name, change.value);
    this.#put({ ...topic, properties });
  }

  #put(topic: TopicImage): void {
    this.#byName.set(topic.name, Object.freeze(topic));
  }
}
