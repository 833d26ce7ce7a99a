import { api } from "../schema/api.ts";
import { array, int16, int32, int8, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * FindCoordinator (key 10)
 *
 *  1  kind of key: group or transaction; error text
 *  3  flexible
 *  4  many keys at once
 *  5  TRANSACTION_ABORTABLE
 *  6  keys of share groups
 */

export const findCoordinatorRequest = message(
  "FindCoordinatorRequest",
  { min: 0, max: 6, flexibleSince: 3 },
  {
    key: string({ until: 3 }),
    keyType: int8({ since: 1, default: 0 }),
    coordinatorKeys: array(string(), { since: 4 }),
  },
);
export type FindCoordinatorRequest = Decoded<typeof findCoordinatorRequest>;

export const findCoordinatorResponse = message(
  "FindCoordinatorResponse",
  { min: 0, max: 6, flexibleSince: 3 },
  {
    throttleTimeMs: int32({ since: 1, ignorable: true }),
    errorCode: int16({ until: 3 }),
    errorMessage: string({ since: 1, until: 3, nullable: true, ignorable: true }),
    nodeId: int32({ until: 3 }),
    host: string({ until: 3 }),
    port: int32({ until: 3 }),
    coordinators: array(
      {
        key: string(),
        nodeId: int32(),
        host: string(),
        port: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: true }),
      },
      { since: 4 },
    ),
  },
);
export type FindCoordinatorResponse = Decoded<typeof findCoordinatorResponse>;

export const findCoordinatorApi = api(10, findCoordinatorRequest, findCoordinatorResponse);
