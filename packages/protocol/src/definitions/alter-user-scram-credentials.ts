import { api } from "../schema/api.ts";
import { array, bytes, int16, int32, int8, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * AlterUserScramCredentials (key 51)
 *
 *  0  flexible from the start
 */

export const alterUserScramCredentialsRequest = message(
  "AlterUserScramCredentialsRequest",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    deletions: array({ name: string(), mechanism: int8() }),
    upsertions: array({
      name: string(),
      mechanism: int8(),
      iterations: int32(),
      salt: bytes(),
      saltedPassword: bytes(),
    }),
  },
);
export type AlterUserScramCredentialsRequest = Decoded<typeof alterUserScramCredentialsRequest>;

export const alterUserScramCredentialsResponse = message(
  "AlterUserScramCredentialsResponse",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    throttleTimeMs: int32(),
    results: array({
      user: string(),
      errorCode: int16(),
      errorMessage: string({ nullable: true }),
    }),
  },
);
export type AlterUserScramCredentialsResponse = Decoded<typeof alterUserScramCredentialsResponse>;

export const alterUserScramCredentialsApi = api(
  51,
  alterUserScramCredentialsRequest,
  alterUserScramCredentialsResponse,
);
