import { api } from "../schema/api.ts";
import { array, bool, int16, int32, int8, string, uuid } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * GetTelemetrySubscriptions (key 71)
 *
 * One version (KIP-714).
 */

export const getTelemetrySubscriptionsRequest = message(
  "GetTelemetrySubscriptionsRequest",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    clientInstanceId: uuid(),
  },
);
export type GetTelemetrySubscriptionsRequest = Decoded<typeof getTelemetrySubscriptionsRequest>;

export const getTelemetrySubscriptionsResponse = message(
  "GetTelemetrySubscriptionsResponse",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    clientInstanceId: uuid(),
    subscriptionId: int32(),
    acceptedCompressionTypes: array(int8()),
    pushIntervalMs: int32(),
    telemetryMaxBytes: int32(),
    deltaTemporality: bool(),
    requestedMetrics: array(string()),
  },
);
export type GetTelemetrySubscriptionsResponse = Decoded<typeof getTelemetrySubscriptionsResponse>;

export const getTelemetrySubscriptionsApi = api(
  71,
  getTelemetrySubscriptionsRequest,
  getTelemetrySubscriptionsResponse,
);
