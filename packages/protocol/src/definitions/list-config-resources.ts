import { api } from "../schema/api.ts";
import { array, int16, int32, int8, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * ListConfigResources (key 74)
 *
 *  0  client metrics alone (ListClientMetricsResources)
 *  1  all kinds of resources
 */

export const listConfigResourcesRequest = message(
  "ListConfigResourcesRequest",
  { min: 0, max: 1, flexibleSince: 0 },
  {
    resourceTypes: array(int8(), { since: 1 }),
  },
);
export type ListConfigResourcesRequest = Decoded<typeof listConfigResourcesRequest>;

export const listConfigResourcesResponse = message(
  "ListConfigResourcesResponse",
  { min: 0, max: 1, flexibleSince: 0 },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    configResources: array({
      resourceName: string(),
      resourceType: int8({ since: 1, default: 16, ignorable: true }),
    }),
  },
);
export type ListConfigResourcesResponse = Decoded<typeof listConfigResourcesResponse>;

export const listConfigResourcesApi = api(
  74,
  listConfigResourcesRequest,
  listConfigResourcesResponse,
);
