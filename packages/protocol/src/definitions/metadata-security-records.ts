import { array, bytes, int32, int64, int8, string, uuid } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * Records of `__cluster_metadata` on who may do what.
 */

export const accessControlEntryRecord = message(
  "AccessControlEntryRecord",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    id: uuid(),
    resourceType: int8(),
    resourceName: string(),
    patternType: int8(),
    principal: string(),
    host: string(),
    operation: int8(),
    permissionType: int8(),
  },
);
export type AccessControlEntryRecord = Decoded<typeof accessControlEntryRecord>;

export const removeAccessControlEntryRecord = message(
  "RemoveAccessControlEntryRecord",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    id: uuid(),
  },
);
export type RemoveAccessControlEntryRecord = Decoded<typeof removeAccessControlEntryRecord>;

export const userScramCredentialRecord = message(
  "UserScramCredentialRecord",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    name: string(),
    mechanism: int8(),
    salt: bytes(),
    storedKey: bytes(),
    serverKey: bytes(),
    iterations: int32(),
  },
);
export type UserScramCredentialRecord = Decoded<typeof userScramCredentialRecord>;

export const removeUserScramCredentialRecord = message(
  "RemoveUserScramCredentialRecord",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    name: string(),
    mechanism: int8(),
  },
);
export type RemoveUserScramCredentialRecord = Decoded<typeof removeUserScramCredentialRecord>;

export const delegationTokenRecord = message(
  "DelegationTokenRecord",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    owner: string(),
    requester: string(),
    renewers: array(string()),
    issueTimestamp: int64(),
    maxTimestamp: int64(),
    expirationTimestamp: int64(),
    tokenId: string(),
  },
);
export type DelegationTokenRecord = Decoded<typeof delegationTokenRecord>;

export const removeDelegationTokenRecord = message(
  "RemoveDelegationTokenRecord",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    tokenId: string(),
  },
);
export type RemoveDelegationTokenRecord = Decoded<typeof removeDelegationTokenRecord>;
