import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, it } from "vitest";
import { errorTable } from "../error-table.ts";
import * as protocol from "./index.ts";
import { messagesOf } from "../../test-support/messages-of.ts";
import { KafkaError } from "../kafka-error.ts";
import { defaultOf, isPresent } from "../schema/field-defaults.ts";
import type { Field, Fields } from "../schema/field.ts";

/** Kafka's own definitions, of 4.4; 4.3.1 wins where they differ. */
const folder = new URL("../../../../../shared/kafka-messages/", import.meta.url);
const isAbsent = !existsSync(folder);
const why = "skipped: ../shared/kafka-messages is not there";

/** Highest versions that differ from those in the folder, and the reason. */
const highestVersion: Readonly<Record<string, number>> = {
  ApiVersionsRequest: 4, // 5 is new in 4.4
  ApiVersionsResponse: 4,
  DeleteGroupsRequest: 2, // 3 is new in 4.4
  DeleteGroupsResponse: 2,
  TxnOffsetCommitRequest: 5, // 6 is new in 4.4
  TxnOffsetCommitResponse: 5,
  InitProducerIdRequest: 5, // 6 is unstable
  InitProducerIdResponse: 5,
  StreamsGroupHeartbeatRequest: 0, // 1 is new in 4.4
  StreamsGroupHeartbeatResponse: 0,
  StreamsGroupDescribeRequest: 0, // 1 is new in 4.4
  StreamsGroupDescribeResponse: 0,
};

/** Fields that 4.4 has added. */
const newFields: ReadonlySet<string> = new Set([
  "StreamsGroupMetadataValue.storedDescriptionTopologyEpoch",
  "StreamsGroupMetadataValue.failedDescriptionTopologyEpoch",
  "StreamsGroupHeartbeatResponse.acceptableRecoveryLag",
]);

/** Fields that 4.4 has renamed, with their name in 4.3.1. */
const nameBefore: Readonly<Record<string, string>> = {
  "TxnOffsetCommitRequest.generationIdOrMemberEpoch": "generationId",
  "StreamsGroupHeartbeatResponse.acceptableRecoveryLagLegacy": "acceptableRecoveryLag",
};

/** The folder has not the share coordinator's records: `internal-records.test.ts` has their bytes. */
const elsewhere: ReadonlySet<string> = new Set([
  "ShareSnapshotKey",
  "ShareSnapshotValue",
  "ShareUpdateKey",
  "ShareUpdateValue",
]);

interface KafkaField {
  readonly name: string;
  readonly type: string;
  readonly versions?: string;
  readonly taggedVersions?: string;
  readonly nullableVersions?: string;
  readonly tag?: number;
  readonly default?: unknown;
  readonly ignorable?: boolean;
  readonly fields?: readonly KafkaField[];
}

interface KafkaMessage {
  readonly name: string;
  readonly apiKey?: number;
  readonly validVersions: string;
  readonly flexibleVersions: string;
  readonly fields: readonly KafkaField[];
  readonly commonStructs?: readonly {
    readonly name: string;
    readonly fields: readonly KafkaField[];
  }[];
}

/** What one version says of a field, in a form that both sides can be brought into. */
interface Fact {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
  readonly tag: number | undefined;
  readonly default: unknown;
  readonly parts: readonly Fact[];
}

function range(text: string | undefined): readonly [number, number] {
  if (text === undefined || text === "none") return [1, 0];
  const match = /^(\d+)(?:(\+)|-(\d+))?$/.exec(text);
  if (match === null) throw new Error(`no range: ${text}`);
  const first = Number(match[1]);
  return [first, match[2] === "+" ? Infinity : Number(match[3] ?? first)];
}

function within(text: string | undefined, version: number): boolean {
  const [first, last] = range(text);
  return version >= first && version <= last;
}

const camelCase = (name: string): string => name[0].toLowerCase() + name.slice(1);

function kafkaDefault(field: KafkaField, parts: readonly Fact[]): unknown {
  const given = field.default;
  if (field.type.startsWith("[]")) return given === "null" || given === null ? null : [];
  if (given === "null" || given === null) return null;
  switch (field.type) {
    case "string":
      return given ?? "";
    case "bool":
      return given === true || given === "true";
    case "uuid":
      return "AAAAAAAAAAAAAAAAAAAAAA";
    case "bytes":
    case "records":
      return "no bytes";
    default:
      return parts.length > 0 ? "struct" : Number(given ?? 0);
  }
}

function kafkaFacts(message: KafkaMessage, fields: readonly KafkaField[], version: number): Fact[] {
  return fields
    .filter((field) => within(field.versions ?? field.taggedVersions, version))
    .filter(({ name }) => !newFields.has(`${message.name}.${camelCase(name)}`))
    .map((field) => {
      const type = field.type.replace("[]", "");
      const structs =
        field.fields ?? message.commonStructs?.find(({ name }) => name === type)?.fields;
      const parts = structs === undefined ? [] : kafkaFacts(message, structs, version);
      return {
        name: nameBefore[`${message.name}.${camelCase(field.name)}`] ?? camelCase(field.name),
        type: field.type.replace(type, structs === undefined ? type : "struct"),
        nullable: within(field.nullableVersions, version),
        tag: within(field.taggedVersions, version) ? field.tag : undefined,
        default: kafkaDefault(field, parts),
        parts,
      };
    });
}

function ownDefault(field: Field): unknown {
  const value = defaultOf(field);
  if (value instanceof Uint8Array) return "no bytes";
  return field.kind === "struct" && value !== null ? "struct" : value;
}

function ownFacts(fields: Fields, version: number): Fact[] {
  return Object.entries(fields)
    .filter(([, field]) => isPresent(field.options, version))
    .map(([name, field]) => {
      const inner = field.kind === "array" ? field.element : field;
      const { nullable, tag } = field.options;
      return {
        name,
        type: `${field.kind === "array" ? "[]" : ""}${inner?.kind}`,
        nullable: nullable === true || (nullable !== undefined && version >= nullable),
        tag,
        default: ownDefault(field),
        parts: inner?.fields === undefined ? [] : ownFacts(inner.fields, version),
      };
    });
}

/** Names of fields that a version lacks and that may be given all the same, without an error. */
function kafkaIgnorable(
  message: KafkaMessage,
  fields: readonly KafkaField[],
  version: number,
): string[] {
  return fields.flatMap((field) => {
    const name = camelCase(field.name);
    if (newFields.has(`${message.name}.${name}`)) return [];
    if (!within(field.versions ?? field.taggedVersions, version))
      return field.ignorable === true ? [name] : [];
    const type = field.type.replace("[]", "");
    const structs =
      field.fields ?? message.commonStructs?.find((common) => common.name === type)?.fields ?? [];
    return kafkaIgnorable(message, structs, version).map((inner) => `${name}.${inner}`);
  });
}

function ownIgnorable(fields: Fields, version: number): string[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    if (!isPresent(field.options, version)) return field.options.ignorable === true ? [name] : [];
    const parts = (field.kind === "array" ? field.element : field)?.fields ?? {};
    return ownIgnorable(parts, version).map((inner) => `${name}.${inner}`);
  });
}

/** Names of ours alone: Kafka's file has fields that end before our first version. */
function known(names: readonly string[], fields: Fields): string[] {
  const has = (path: string): boolean => {
    let level: Fields | undefined = fields;
    for (const name of path.split(".")) {
      const field: Field | undefined = level?.[name];
      if (field === undefined) return false;
      level = (field.kind === "array" ? field.element : field)?.fields;
    }
    return true;
  };
  return names.filter(has);
}

const messages = [...new Set(Object.values(protocol).flatMap(messagesOf))].filter(
  ({ name }) => !elsewhere.has(name),
);

/** Files by the message's name. */
function kafkaFiles(): Map<string, URL> {
  const files = new Map<string, URL>();
  for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (path.endsWith(".json")) files.set(basename(path, ".json"), new URL(path, folder));
  }
  return files;
}

const files = isAbsent ? new Map<string, URL>() : kafkaFiles();

function kafkaMessage(name: string): KafkaMessage {
  const file = files.get(name);
  if (file === undefined) throw new Error(`Kafka has no ${name}`);
  const text = readFileSync(file, "utf8");
  return JSON.parse(
    text.replaceAll(/^\s*\/\/[^\n]*$|\/\*.*?\*\//gms, "").replaceAll(/\s\/\/[^\n"]*$/gm, ""),
  );
}

describe("PROTOCOL-3: definitions agree with Kafka's own", () => {
  it("covers all messages that are exported", () => {
    expect(messages.length).toBeGreaterThan(80);
  });

  it.for(messages)("$name", (message, { skip }) => {
    skip(isAbsent, why);
    const { name } = message;
    const theirs = kafkaMessage(name);
    const { min, max, flexibleSince } = message.versions;
    const [first, last] = range(theirs.validVersions);
    expect(min).toBe(first);
    expect(max).toBe(highestVersion[name] ?? last);
    for (let version = min; version <= max; version++) {
      expect(flexibleSince !== undefined && version >= flexibleSince, `flexible ${version}`).toBe(
        within(theirs.flexibleVersions, version),
      );
      expect(ownFacts(message.fields, version), `version ${version}`).toEqual(
        kafkaFacts(theirs, theirs.fields, version),
      );
      expect(ownIgnorable(message.fields, version), `ignorable ${version}`).toEqual(
        known(kafkaIgnorable(theirs, theirs.fields, version), message.fields),
      );
    }
  });

  it("has Kafka's keys", ({ skip }) => {
    skip(isAbsent, why);
    for (const api of protocol.apis.values())
      expect(kafkaMessage(api.request.name).apiKey).toBe(api.key);
    for (const [name, { type }] of Object.entries(protocol.metadataRecordTypes)) {
      expect(kafkaMessage(name).apiKey).toBe(type);
    }
    for (const kind of [
      protocol.offsetCommitRecord,
      protocol.groupMetadataRecord,
      protocol.consumerGroupMetadataRecord,
      protocol.consumerGroupMemberMetadataRecord,
      protocol.consumerGroupTargetAssignmentMetadataRecord,
      protocol.consumerGroupTargetAssignmentMemberRecord,
      protocol.consumerGroupCurrentMemberAssignmentRecord,
      protocol.consumerGroupRegularExpressionRecord,
      protocol.transactionLogRecord,
      protocol.shareGroupMemberMetadataRecord,
      protocol.shareGroupMetadataRecord,
      protocol.shareGroupTargetAssignmentMetadataRecord,
      protocol.shareGroupTargetAssignmentMemberRecord,
      protocol.shareGroupCurrentMemberAssignmentRecord,
      protocol.shareGroupStatePartitionMetadataRecord,
      protocol.streamsGroupMetadataRecord,
      protocol.streamsGroupMemberMetadataRecord,
      protocol.streamsGroupTargetAssignmentMetadataRecord,
      protocol.streamsGroupTargetAssignmentMemberRecord,
      protocol.streamsGroupCurrentMemberAssignmentRecord,
      protocol.streamsGroupTopologyRecord,
    ]) {
      expect(kafkaMessage(kind.key.name).apiKey).toBe(kind.type);
    }
  });
});

describe("error table", () => {
  it("has every code from -1 on, in order", () => {
    expect(errorTable.map(({ errorCode }) => errorCode)).toEqual(
      errorTable.map((_, index) => index - 1),
    );
  });

  it("makes retriable errors by number, and an unknown number an unknown server error", () => {
    const error = KafkaError.of(16);
    expect([error.code, error.errorCode, error.retriable]).toEqual(["NOT_COORDINATOR", 16, true]);
    expect(KafkaError.of(9999).code).toBe("UNKNOWN_SERVER_ERROR");
    expect(KafkaError.of(22).retriable).toBe(false);
  });
});
