import { api } from "../schema/api.ts";
import { array, bool, float64, int16, int32, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * AlterClientQuotas (key 49)
 *
 *  1  flexible
 */

export const alterClientQuotasRequest = message(
  "AlterClientQuotasRequest",
  { min: 0, max: 1, flexibleSince: 1 },
  {
    entries: array({
      entity: array({ entityType: string(), entityName: string({ nullable: true }) }),
      ops: array({ key: string(), value: float64(), remove: bool() }),
    }),
    validateOnly: bool(),
  },
);
export type AlterClientQuotasRequest = Decoded<typeof alterClientQuotasRequest>;

export const alterClientQuotasResponse = message(
  "AlterClientQuotasResponse",
  { min: 0, max: 1, flexibleSince: 1 },
  {
    throttleTimeMs: int32(),
    entries: array({
      errorCode: int16(),
      errorMessage: string({ nullable: true }),
      entity: array({ entityType: string(), entityName: string({ nullable: true }) }),
    }),
  },
);
export type AlterClientQuotasResponse = Decoded<typeof alterClientQuotasResponse>;

export const alterClientQuotasApi = api(49, alterClientQuotasRequest, alterClientQuotasResponse);
