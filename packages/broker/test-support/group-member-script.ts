import { encodeUtf8 } from "@millrace/model";
import type { JoinGroupAnswer } from "../src/coordinator/group/classic/group-answers.ts";
import type { JoinGroupRequest } from "../src/coordinator/group/classic/join-request.ts";
import type { CoordinatorWorld } from "./coordinator-world.ts";

export function joinRequest(change: Partial<JoinGroupRequest> = {}): JoinGroupRequest {
  return {
    groupId: "group",
    memberId: "",
    groupInstanceId: null,
    clientId: "client",
    clientHost: "/127.0.0.1",
    principal: "User:ann",
    protocolType: "consumer",
    protocols: [{ name: "range", metadata: encodeUtf8("opaque") }],
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 60_000,
    requiresKnownMemberId: true,
    canSkipAssignment: true,
    ...change,
  };
}

/** Joins as a client does: a new dynamic member is told its id first. */
export async function join(
  world: CoordinatorWorld,
  change: Partial<JoinGroupRequest> = {},
): Promise<JoinGroupAnswer> {
  const first = await world.groups.classic.join(joinRequest(change));
  if (first.errorCode !== 79) return first;
  return world.groups.classic.join(joinRequest({ ...change, memberId: first.memberId }));
}

export function sync(
  world: CoordinatorWorld,
  joined: JoinGroupAnswer,
  change: { readonly groupId?: string; readonly groupInstanceId?: string } = {},
) {
  return world.groups.classic.sync({
    groupId: "group",
    groupInstanceId: null,
    generationId: joined.generationId,
    memberId: joined.memberId,
    protocolType: joined.protocolType,
    protocolName: joined.protocolName,
    assignments: new Map(
      joined.members.map(({ memberId }) => [memberId, encodeUtf8(`for ${memberId}`)]),
    ),
    ...change,
  });
}

export function commit(
  world: CoordinatorWorld,
  change: {
    readonly offset: number;
    readonly partition?: number;
    readonly generationId?: number;
    readonly memberId?: string;
    readonly groupId?: string;
  },
) {
  return world.groups.offsets.commit(commitRequest({ ...change, kind: "plain" }));
}

export function commitRequest(change: {
  readonly kind: "plain" | "transactional";
  readonly offset: number;
  readonly partition?: number;
  readonly generationId?: number;
  readonly memberId?: string;
  readonly groupId?: string;
}) {
  return {
    groupId: "group",
    generationId: -1,
    memberId: "",
    groupInstanceId: null,
    knowsMemberEpochs: true,
    retentionTimeMs: -1,
    ...change,
    offsets: [
      {
        topic: "topic",
        topicId: "AAAAAAAAAAAAAAAAAAAAAA",
        partition: change.partition ?? 0,
        offset: change.offset,
        leaderEpoch: -1,
        metadata: "",
      },
    ],
  };
}

/** The offset that counts, or an error code as a text. */
export async function committed(
  world: CoordinatorWorld,
  options: { readonly partition?: number; readonly requireStable?: boolean } = {},
): Promise<number | string> {
  const fetched = await world.groups.offsets.fetch({
    groupId: "group",
    places: [
      { topic: "topic", topicId: "AAAAAAAAAAAAAAAAAAAAAA", partition: options.partition ?? 0 },
    ],
    requireStable: options.requireStable ?? false,
    member: null,
  });
  if (typeof fetched === "number") return `error ${fetched}`;
  const [{ errorCode, offset }] = fetched;
  return errorCode === 0 ? offset : `error ${errorCode}`;
}
