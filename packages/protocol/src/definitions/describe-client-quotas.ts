import { api } from "../schema/api.ts";
import { array, bool, float64, int16, int32, int8, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * DescribeClientQuotas (key 48)
 *
 *  1  flexible
 */

export const describeClientQuotasRequest = message(
  "DescribeClientQuotasRequest",
  { min: 0, max: 1, flexibleSince: 1 },
  {
    components: array({
      entityType: string(),
      matchType: int8(),
      match: string({ nullable: true }),
    }),
    strict: bool(),
  },
);
export type DescribeClientQuotasRequest = Decoded<typeof describeClientQuotasRequest>;

export const describeClientQuotasResponse = message(
  "DescribeClientQuotasResponse",
  { min: 0, max: 1, flexibleSince: 1 },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: true }),
    entries: array(
      {
        entity: array({ entityType: string(), entityName: string({ nullable: true }) }),
        values: array({ key: string(), value: float64() }),
      },
      { nullable: true },
    ),
  },
);
export type DescribeClientQuotasResponse = Decoded<typeof describeClientQuotasResponse>;

export const describeClientQuotasApi = api(
  48,
  describeClientQuotasRequest,
  describeClientQuotasResponse,
);
