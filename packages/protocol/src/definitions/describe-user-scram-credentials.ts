import { api } from "../schema/api.ts";
import { array, int16, int32, int8, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * DescribeUserScramCredentials (key 50)
 *
 *  0  flexible from the start
 */

export const describeUserScramCredentialsRequest = message(
  "DescribeUserScramCredentialsRequest",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    users: array({ name: string() }, { nullable: true }),
  },
);
export type DescribeUserScramCredentialsRequest = Decoded<
  typeof describeUserScramCredentialsRequest
>;

export const describeUserScramCredentialsResponse = message(
  "DescribeUserScramCredentialsResponse",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: true }),
    results: array({
      user: string(),
      errorCode: int16(),
      errorMessage: string({ nullable: true }),
      credentialInfos: array({ mechanism: int8(), iterations: int32() }),
    }),
  },
);
export type DescribeUserScramCredentialsResponse = Decoded<
  typeof describeUserScramCredentialsResponse
>;

export const describeUserScramCredentialsApi = api(
  50,
  describeUserScramCredentialsRequest,
  describeUserScramCredentialsResponse,
);
