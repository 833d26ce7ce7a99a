import type { Random } from "@millrace/platform";
import { errorCodeOf, type Given } from "@millrace/protocol";
import {
  getTelemetrySubscriptionsApi,
  type GetTelemetrySubscriptionsRequest,
} from "@millrace/protocol/definitions";
import { zeroUuid } from "@millrace/protocol/wire";
import { randomUuid } from "../metadata/random-uuid.ts";
import type { ClientTelemetry } from "../telemetry/client-telemetry.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { clientAttributesOf } from "./client-attributes.ts";

/*
 * GetTelemetrySubscriptions, version 0 (KIP-714): which metrics a client is asked for. As with Kafka it is not advertised
 * where nobody takes metrics, and answers all the same.
 */

type Response = Given<(typeof getTelemetrySubscriptionsApi)["response"]>;

/** By their ids, those that make bytes fewest first. */
const acceptedCompressionTypes = [4, 3, 1, 2];

export function getTelemetrySubscriptionsHandler(
  telemetry: ClientTelemetry,
  random: Random,
  telemetryMaxBytes: () => number,
): AnsweringHandler<GetTelemetrySubscriptionsRequest, Response> {
  /** By connection, the client that it has asked for last: there is one listener however often it asks. */
  const latest = new WeakMap<AbortSignal, string>();
  const rememberUntilClosed = (signal: AbortSignal, id: string) => {
    const isKnown = latest.has(signal);
    latest.set(signal, id);
    if (!isKnown)
      signal.addEventListener("abort", () => telemetry.forget(latest.get(signal) ?? id));
  };
  return {
    api: getTelemetrySubscriptionsApi,
    isHidden: true,
    handle(context, request) {
      const { throttleMs: throttleTimeMs, signal } = context;
      const isNew = request.clientInstanceId === zeroUuid;
      const clientInstanceId = isNew ? randomUuid(random) : request.clientInstanceId;
      const found = telemetry.subscribe(
        clientInstanceId,
        clientAttributesOf(context, clientInstanceId),
      );
      rememberUntilClosed(signal, clientInstanceId);
      if (typeof found === "string")
        return { ...nothing, throttleTimeMs, errorCode: errorCodeOf(found) };
      return {
        throttleTimeMs,
        errorCode: 0,
        clientInstanceId,
        subscriptionId: found.id,
        acceptedCompressionTypes,
        pushIntervalMs: found.pushIntervalMs,
        telemetryMaxBytes: telemetryMaxBytes(),
        deltaTemporality: true,
        requestedMetrics: found.metrics,
      };
    },
  };
}

const nothing = {
  clientInstanceId: zeroUuid,
  subscriptionId: 0,
  acceptedCompressionTypes: [],
  pushIntervalMs: 0,
  telemetryMaxBytes: 0,
  deltaTemporality: false,
  requestedMetrics: [],
};
