import { api } from "../schema/api.ts";
import { int16, int32, string, uuid } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * RemoveRaftVoter (key 81)
 *
 * One version.
 */

export const removeRaftVoterRequest = message(
  "RemoveRaftVoterRequest",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    clusterId: string({ nullable: true }),
    voterId: int32(),
    voterDirectoryId: uuid(),
  },
);
export type RemoveRaftVoterRequest = Decoded<typeof removeRaftVoterRequest>;

export const removeRaftVoterResponse = message(
  "RemoveRaftVoterResponse",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: true, ignorable: true }),
  },
);
export type RemoveRaftVoterResponse = Decoded<typeof removeRaftVoterResponse>;

export const removeRaftVoterApi = api(81, removeRaftVoterRequest, removeRaftVoterResponse);
