import { api } from "../schema/api.ts";
import { int16, int32, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * UnregisterBroker (key 64)
 *
 * One version.
 */

export const unregisterBrokerRequest = message(
  "UnregisterBrokerRequest",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    brokerId: int32(),
  },
);
export type UnregisterBrokerRequest = Decoded<typeof unregisterBrokerRequest>;

export const unregisterBrokerResponse = message(
  "UnregisterBrokerResponse",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: true }),
  },
);
export type UnregisterBrokerResponse = Decoded<typeof unregisterBrokerResponse>;

export const unregisterBrokerApi = api(64, unregisterBrokerRequest, unregisterBrokerResponse);
