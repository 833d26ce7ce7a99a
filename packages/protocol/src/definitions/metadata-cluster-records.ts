import {
  array,
  bool,
  float64,
  int16,
  int32,
  int64,
  string,
  uint16,
  uuid,
} from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * Records of `__cluster_metadata` on the cluster: brokers, features, producer ids, quotas and
 * transactions
 * of the metadata itself. RegisterBrokerRecord: 1 controlled shutdown; 2 migration; 3 log
 * directories;
 * 4 cordoned ones.
 */

export const registerBrokerRecord = message(
  "RegisterBrokerRecord",
  { min: 0, max: 4, flexibleSince: 0 },
  {
    brokerId: int32(),
    isMigratingZkBroker: bool({ since: 2, default: false }),
    incarnationId: uuid(),
    brokerEpoch: int64(),
    endPoints: array({
      name: string(),
      host: string(),
      port: uint16(),
      securityProtocol: int16(),
    }),
    features: array({
      name: string(),
      minSupportedVersion: int16(),
      maxSupportedVersion: int16(),
    }),
    rack: string({ nullable: true }),
    fenced: bool({ default: true }),
    inControlledShutdown: bool({ since: 1, default: false }),
    logDirs: array(uuid(), { since: 3, tag: 0 }),
    cordonedLogDirs: array(uuid(), { since: 4, tag: 1, nullable: true, default: null }),
  },
);
export type RegisterBrokerRecord = Decoded<typeof registerBrokerRecord>;

export const featureLevelRecord = message(
  "FeatureLevelRecord",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    name: string(),
    featureLevel: int16(),
  },
);
export type FeatureLevelRecord = Decoded<typeof featureLevelRecord>;

export const producerIdsRecord = message(
  "ProducerIdsRecord",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    brokerId: int32(),
    brokerEpoch: int64({ default: -1 }),
    nextProducerId: int64(),
  },
);
export type ProducerIdsRecord = Decoded<typeof producerIdsRecord>;

export const clientQuotaRecord = message(
  "ClientQuotaRecord",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    entity: array({
      entityType: string(),
      entityName: string({ nullable: true }),
    }),
    key: string(),
    value: float64(),
    remove: bool(),
  },
);
export type ClientQuotaRecord = Decoded<typeof clientQuotaRecord>;

export const noOpRecord = message("NoOpRecord", { min: 0, max: 0, flexibleSince: 0 }, {});
export type NoOpRecord = Decoded<typeof noOpRecord>;

export const beginTransactionRecord = message(
  "BeginTransactionRecord",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    name: string({ tag: 0, nullable: true, default: null }),
  },
);
export type BeginTransactionRecord = Decoded<typeof beginTransactionRecord>;

export const endTransactionRecord = message(
  "EndTransactionRecord",
  { min: 0, max: 0, flexibleSince: 0 },
  {},
);
export type EndTransactionRecord = Decoded<typeof endTransactionRecord>;

export const abortTransactionRecord = message(
  "AbortTransactionRecord",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    reason: string({ tag: 0, nullable: true, default: null }),
  },
);
export type AbortTransactionRecord = Decoded<typeof abortTransactionRecord>;
