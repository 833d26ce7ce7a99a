import { encodeUtf8 } from "@millrace/model";

import {
  flagMember,
  integerMember,
  isJsonObject,
  objectMember,
  textMember,
  type JsonObject,
} from "../records/json-members.ts";
import { parsedJson } from "../records/topic-keys.ts";

/** What members of a group of registries tell each other, in Confluent's protocol `v0`. */
export interface MemberIdentity {
  readonly host: string;
  readonly port: number;
  readonly scheme: string;
  readonly isEligible: boolean;
  /** It led until now: it goes on where it can. */
  readonly isLeader: boolean;
}

export function urlOf({ scheme, host, port }: MemberIdentity): string {
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

export function encodeIdentity(identity: MemberIdentity): Uint8Array {
  return encodeUtf8(JSON.stringify(membersOf(identity)));
}

function membersOf({ host, port, scheme, isEligible, isLeader }: MemberIdentity): JsonObject {
  const version = 1;
  return { version, host, port, master_eligibility: isEligible, scheme, leader: isLeader };
}

/** Undefined: nobody leads. */
export function encodeLeader(
  memberId: string | undefined,
  leader: MemberIdentity | undefined,
  { hasTwins }: { readonly hasTwins: boolean },
): Uint8Array {
  const chosen =
    memberId === undefined || leader === undefined
      ? {}
      : { master: memberId, master_identity: membersOf(leader) };
  return encodeUtf8(JSON.stringify({ version: 1, error: hasTwins ? twinUrls : 0, ...chosen }));
}

/** Confluent's number of the error that two members have one URL. */
const twinUrls = 1;

export interface ChosenLeader {
  readonly leader: MemberIdentity | undefined;
  readonly hasTwins: boolean;
}

export function decodeLeader(bytes: Uint8Array): ChosenLeader {
  const given = parsedJson(bytes);
  if (!isJsonObject(given)) return { leader: undefined, hasTwins: false };
  const identity = objectMember(given, "master_identity");
  return {
    leader: identity === undefined ? undefined : readIdentity(identity),
    hasTwins: given["error"] === twinUrls,
  };
}

export function decodeIdentity(bytes: Uint8Array): MemberIdentity | undefined {
  const given = parsedJson(bytes);
  return isJsonObject(given) ? readIdentity(given) : undefined;
}

function readIdentity(given: JsonObject): MemberIdentity | undefined {
  const host = textMember(given, "host");
  const port = integerMember(given, "port");
  if (host === undefined || port === undefined) return undefined;
  return {
    host,
    port,
    scheme: textMember(given, "scheme") ?? "http",
    isEligible: flagMember(given, "master_eligibility") ?? true,
    isLeader: flagMember(given, "leader") ?? false,
  };
}
