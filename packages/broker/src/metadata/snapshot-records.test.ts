import { describe, expect, it } from "vitest";
import { MetadataImage } from "./metadata-image.ts";
import {
  decodeMetadataRecord,
  encodeMetadataRecord,
  type MetadataRecord,
  type MetadataRecordKind,
  type ReadMetadataRecord,
} from "./metadata-record.ts";
import { resourceTypes } from "./resource-configs.ts";
import { newPartition } from "./plan-topic.ts";
import { decodeSnapshot, encodeSnapshot } from "./snapshot-file.ts";
import { snapshotRecords } from "./snapshot-records.ts";

type Below = (bound: number) => number;

const uuidOf = (number: number) => `AAAAAAAAAAAAAAAAAAAA${"ABCDEFGHI"[number]}A`;
const topicName = (number: number) => (number % 5 === 0 ? "__consumer_offsets" : `topic.${number}`);

/** A record of each kind that there is: a kind more needs its row here. */
const anyRecord: { readonly [Kind in MetadataRecordKind]: (below: Below) => MetadataRecord } = {
  registerBroker: (below) => ({
    kind: "registerBroker",
    value: {
      brokerId: 1,
      incarnationId: uuidOf(below(9)),
      brokerEpoch: below(1000),
      endPoints: [],
      features: [],
      rack: below(2) === 0 ? null : "rack",
      fenced: false,
      logDirs: below(3) === 0 ? [] : [uuidOf(below(3))],
    },
  }),
  topic: (below) => {
    const number = below(5);
    return { kind: "topic", value: { name: topicName(number), topicId: uuidOf(number) } };
  },
  partition: (below) => newPartition(1, below(5), uuidOf(below(5)), below(4)),
  config: (below) => ({
    kind: "config",
    value: {
      resourceType: Object.values(resourceTypes)[below(5)],
      resourceName: ["", topicName(below(5)), "1"][below(3)],
      name: `property.${below(3)}`,
      value: below(3) === 0 ? null : String(below(100)),
    },
  }),
  removeTopic: (below) => ({ kind: "removeTopic", value: { topicId: uuidOf(below(5)) } }),
  userScramCredential: (below) => ({
    kind: "userScramCredential",
    value: {
      name: `user ${below(3)}`,
      mechanism: 1 + below(2),
      salt: Uint8Array.of(below(256)),
      storedKey: Uint8Array.of(below(256)),
      serverKey: Uint8Array.of(below(256)),
      iterations: 4096 + below(10),
    },
  }),
  removeUserScramCredential: (below) => ({
    kind: "removeUserScramCredential",
    value: { name: `user ${below(3)}`, mechanism: 1 + below(2) },
  }),
  featureLevel: (below) => ({
    kind: "featureLevel",
    value: { name: `feature ${below(3)}`, featureLevel: below(4) },
  }),
  clientQuota: (below) => ({
    kind: "clientQuota",
    value: {
      entity: [
        { entityType: "user", entityName: below(2) === 0 ? null : "user" },
        { entityType: "client-id", entityName: `client ${below(2)}` },
      ].slice(below(2)),
      key: `rate ${below(2)}`,
      value: below(1000) / 8,
      remove: below(3) === 0,
    },
  }),
  producerIds: (below) => ({
    kind: "producerIds",
    value: { brokerId: 1, nextProducerId: 1 + below(10_000) },
  }),
  accessControlEntry: (below) => {
    const id = below(6);
    return {
      kind: "accessControlEntry",
      value: {
        id: uuidOf(id),
        resourceType: 2,
        resourceName: `resource ${id}`,
        patternType: 3 + below(2),
        principal: "User:a",
        host: "*",
        operation: 3,
        permissionType: 3,
      },
    };
  },
  removeAccessControlEntry: (below) => ({
    kind: "removeAccessControlEntry",
    value: { id: uuidOf(below(6)) },
  }),
  delegationToken: (below) => ({
    kind: "delegationToken",
    value: {
      owner: `User:${below(3)}`,
      requester: `User:${below(3)}`,
      renewers: Array.from({ length: below(3) }, () => `User:${below(3)}`),
      issueTimestamp: below(1000),
      maxTimestamp: below(1000),
      expirationTimestamp: below(1000),
      tokenId: `token ${below(4)}`,
    },
  }),
  removeDelegationToken: (below) => ({
    kind: "removeDelegationToken",
    value: { tokenId: `token ${below(4)}` },
  }),
};

const kinds = Object.keys(anyRecord) as MetadataRecordKind[];

/** All that is asked of an image, as one value. */
function contentsOf(image: MetadataImage) {
  return {
    topics: [...image.topics()].map((topic) => ({
      ...topic,
      byId: image.topicById(topic.topicId)?.name,
      colliding: image.collidingTopic(topic.name.replace(".", "_")),
    })),
    partitionTotal: image.partitionTotal,
    features: [...image.features],
    nextProducerId: image.nextProducerId,
    starts: image.starts,
    directoryId: image.directoryId,
    configs: [...image.configs.all()],
    rules: [...image.accessControl.all()],
    quotas: [...image.clientQuotas.all()],
    tokens: [...image.delegationTokens.all()],
    credentials: [...image.scramCredentials.users()].map((user) => image.scramCredentials.of(user)),
  };
}

function readBack(record: MetadataRecord): ReadMetadataRecord {
  const read = decodeMetadataRecord(encodeMetadataRecord(record));
  if (read === undefined) throw new Error(record.kind);
  return read;
}

/** Folds in any record of the kind; a topic is not made twice. */
function fold(image: MetadataImage, kind: MetadataRecordKind, below: Below): void {
  const record = readBack(anyRecord[kind](below));
  if (record.kind === "topic" && image.topic(record.value.name) !== undefined) return;
  image.replay(record, image.appliedOffset + 1);
}

function foldAny(image: MetadataImage, count: number, below: Below): void {
  for (let left = count; left > 0; left--) fold(image, kinds[below(kinds.length)], below);
}

function snapshotOf(image: MetadataImage): MetadataImage {
  const epoch = image.starts - 1;
  const batches = encodeSnapshot(snapshotRecords(image), { epoch, nowMs: 7, logTimestamp: 5 });
  const bytes = new Uint8Array(Buffer.concat([...batches]));
  const again = new MetadataImage(epoch);
  const damage = decodeSnapshot(bytes, (record) => again.replay(record, image.appliedOffset));
  expect(damage).toBeUndefined();
  return again;
}

/** Numbers that are the same for the same seed. */
function randomOf(seed: number): Below {
  let state = seed * 2_654_435_761;
  return (bound) => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 0x9e3779b9) >>> 0;
    return (state >>> 8) % bound;
  };
}

describe("a snapshot of the metadata", () => {
  it("folds to the image that the log folds to, whatever the log has", () => {
    for (let seed = 1; seed <= 60; seed++) {
      const below = randomOf(seed);
      const image = new MetadataImage();
      fold(image, "registerBroker", below);
      foldAny(image, below(200), below);
      const again = snapshotOf(image);
      expect(contentsOf(again), `seed ${seed}`).toEqual(contentsOf(image));
      expect(again.appliedOffset).toBe(image.appliedOffset);
    }
  });

  it.each(kinds)("what is compared shows each kind: %s", (kind) => {
    let shows = false;
    for (let seed = 1; seed <= 200 && !shows; seed++) {
      const below = randomOf(seed);
      const image = new MetadataImage();
      foldAny(image, 40, below);
      const before = JSON.stringify(contentsOf(image));
      fold(image, kind, below);
      shows = JSON.stringify(contentsOf(image)) !== before;
    }
    expect(shows).toBe(true);
  });

  it("has what the image was when it was asked for, whatever comes while it is written", () => {
    const image = new MetadataImage();
    const below = randomOf(3);
    fold(image, "registerBroker", below);
    foldAny(image, 60, below);
    const expected = [...snapshotRecords(image)].map(encodeMetadataRecord);
    const taken = snapshotRecords(image);
    foldAny(image, 140, below);
    expect([...taken].map(encodeMetadataRecord)).toEqual(expected);
  });

  it("tells any byte that was changed, and a file that is cut", () => {
    const image = new MetadataImage();
    fold(image, "registerBroker", randomOf(1));
    for (let number = 0; number < 4; number++) fold(image, "topic", () => number);
    const batches = encodeSnapshot(snapshotRecords(image), { epoch: 0, nowMs: 7, logTimestamp: 5 });
    const bytes = new Uint8Array(Buffer.concat([...batches]));
    for (let length = 0; length < bytes.length; length++)
      expect(
        decodeSnapshot(bytes.subarray(0, length), () => {}),
        `length ${length}`,
      ).toBeDefined();
    for (let position = 0; position < bytes.length; position++) {
      const changed = bytes.slice();
      changed[position] ^= 0x10;
      // The epoch is outside of the checksum, and the one that counts is the name's.
      const isEpoch = [0, 1, 2].some((batch) => isEpochOf(bytes, batch, position));
      expect(decodeSnapshot(changed, () => {}) !== undefined, `byte ${position}`).toBe(!isEpoch);
    }
  });
});

function isEpochOf(bytes: Uint8Array, batch: number, position: number): boolean {
  const view = new DataView(bytes.buffer);
  let begin = 0;
  for (let count = 0; count < batch; count++) begin += view.getInt32(begin + 8) + 12;
  return position >= begin + 12 && position < begin + 16;
}
