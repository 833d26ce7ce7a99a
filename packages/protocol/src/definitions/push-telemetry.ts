import { api } from "../schema/api.ts";
import { bool, bytes, int16, int32, int8, uuid } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * PushTelemetry (key 72)
 *
 * One version (KIP-714).
 */

export const pushTelemetryRequest = message(
  "PushTelemetryRequest",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    clientInstanceId: uuid(),
    subscriptionId: int32(),
    terminating: bool(),
    compressionType: int8(),
    metrics: bytes(),
  },
);
export type PushTelemetryRequest = Decoded<typeof pushTelemetryRequest>;

export const pushTelemetryResponse = message(
  "PushTelemetryResponse",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
  },
);
export type PushTelemetryResponse = Decoded<typeof pushTelemetryResponse>;

export const pushTelemetryApi = api(72, pushTelemetryRequest, pushTelemetryResponse);
