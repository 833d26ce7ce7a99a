import { errorCodeOf, type Given } from "@millrace/protocol";
import { pushTelemetryApi, type PushTelemetryRequest } from "@millrace/protocol/definitions";
import { zeroUuid } from "@millrace/protocol/wire";
import type { ClientTelemetry } from "../telemetry/client-telemetry.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { clientAttributesOf } from "./client-attributes.ts";

/* PushTelemetry, version 0 (KIP-714): a client's metrics, which are looked at for their size, and go nowhere. */

type Response = Given<(typeof pushTelemetryApi)["response"]>;

/** Kafka keeps the second one for its metadata. */
const reservedIds: ReadonlySet<string> = new Set([zeroUuid, "AAAAAAAAAAAAAAAAAAAAAQ"]);

export function pushTelemetryHandler(
  telemetry: ClientTelemetry,
): AnsweringHandler<PushTelemetryRequest, Response> {
  return {
    api: pushTelemetryApi,
    isHidden: true,
    handle(context, request) {
      const { clientInstanceId, metrics } = request;
      const error = reservedIds.has(clientInstanceId)
        ? "INVALID_REQUEST"
        : telemetry.push(clientInstanceId, clientAttributesOf(context, clientInstanceId), {
            ...request,
            sizeBytes: metrics.length,
          });
      return { throttleTimeMs: context.throttleMs, errorCode: errorCodeOf(error) };
    },
  };
}
