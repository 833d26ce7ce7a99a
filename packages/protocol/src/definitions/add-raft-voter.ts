import { api } from "../schema/api.ts";
import { array, bool, int16, int32, string, uint16, uuid } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * AddRaftVoter (key 80)
 *
 *  1  answered before the change is committed, if that is asked
 */

export const addRaftVoterRequest = message(
  "AddRaftVoterRequest",
  { min: 0, max: 1, flexibleSince: 0 },
  {
    clusterId: string({ nullable: true }),
    timeoutMs: int32(),
    voterId: int32(),
    voterDirectoryId: uuid(),
    listeners: array({
      name: string(),
      host: string(),
      port: uint16(),
    }),
    ackWhenCommitted: bool({ since: 1, default: true }),
  },
);
export type AddRaftVoterRequest = Decoded<typeof addRaftVoterRequest>;

export const addRaftVoterResponse = message(
  "AddRaftVoterResponse",
  { min: 0, max: 1, flexibleSince: 0 },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: true, ignorable: true }),
  },
);
export type AddRaftVoterResponse = Decoded<typeof addRaftVoterResponse>;

export const addRaftVoterApi = api(80, addRaftVoterRequest, addRaftVoterResponse);
