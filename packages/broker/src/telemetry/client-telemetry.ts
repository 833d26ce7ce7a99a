import type { Clock } from "@millrace/platform";
import type { ErrorName } from "@millrace/protocol";
import type { ResourceConfigs } from "../metadata/resource-configs.ts";
import { type ClientAttributes, type Subscription, subscriptionOf } from "./subscriptions.ts";

/** Kafka's bound of clients that are remembered. */
const instancesMax = 16_384;
/** A client that asks nothing for so long is forgotten, or for three of its intervals. */
const forgottenAfterMs = 60_000;
const compressionTypeMax = 4;

export interface TelemetryPush {
  readonly subscriptionId: number;
  readonly terminating: boolean;
  readonly compressionType: number;
  readonly sizeBytes: number;
}

interface Instance {
  readonly subscription: Subscription;
  getMs: number;
  pushMs: number;
  seenMs: number;
  isTerminating: boolean;
  lastError: ErrorName;
}

/**
 * Clients that offer their metrics (Kafka: `ClientMetricsManager`, KIP-714): which ones they are asked for, and whether
 * they keep to the times. Nobody takes the metrics here, as in a broker of Kafka's without a plugin for them.
 */
export class ClientTelemetry {
  readonly #configs: ResourceConfigs;
  readonly #clock: Clock;
  readonly #bytesMax: () => number;
  /** By their ids; those that asked last stand last. */
  readonly #instances = new Map<string, Instance>();

  /** @param bytesMax of what is pushed at once */
  constructor(configs: ResourceConfigs, clock: Clock, bytesMax: () => number) {
    this.#configs = configs;
    this.#clock = clock;
    this.#bytesMax = bytesMax;
  }

  /** What the client is asked for, unless it asks again too soon. */
  subscribe(id: string, client: ClientAttributes): Subscription | ErrorName {
    const nowMs = this.#clock.monotonicMs();
    const instance = this.#instance(id, client, nowMs);
    const isDue =
      nowMs - Math.max(instance.getMs, instance.pushMs) >= instance.subscription.pushIntervalMs;
    if (isDue) instance.getMs = nowMs;
    const mayAskAgain =
      instance.lastError === "UNKNOWN_SUBSCRIPTION_ID" ||
      instance.lastError === "UNSUPPORTED_COMPRESSION_TYPE";
    if (!isDue && !mayAskAgain) return "THROTTLING_QUOTA_EXCEEDED";
    instance.lastError = "NONE";
    return instance.subscription;
  }

  push(id: string, client: ClientAttributes, push: TelemetryPush): ErrorName {
    const nowMs = this.#clock.monotonicMs();
    const instance = this.#instance(id, client, nowMs);
    instance.lastError = this.#faultOf(instance, push, nowMs);
    instance.isTerminating = push.terminating;
    return instance.lastError;
  }

  /** Its connection is closed. */
  forget(id: string): void {
    this.#instances.delete(id);
  }

  #faultOf(instance: Instance, push: TelemetryPush, nowMs: number): ErrorName {
    if (instance.isTerminating) return "INVALID_REQUEST";
    const { subscription } = instance;
    // The first push after a subscription comes at any time: clients spread theirs.
    const isDue =
      instance.getMs > instance.pushMs || nowMs - instance.pushMs >= subscription.pushIntervalMs;
    if (isDue) instance.pushMs = nowMs;
    else if (!push.terminating) return "THROTTLING_QUOTA_EXCEEDED";
    if (push.subscriptionId !== subscription.id) return "UNKNOWN_SUBSCRIPTION_ID";
    const { compressionType } = push;
    if (compressionType < 0 || compressionType > compressionTypeMax)
      return "UNSUPPORTED_COMPRESSION_TYPE";
    return push.sizeBytes > this.#bytesMax() ? "TELEMETRY_TOO_LARGE" : "NONE";
  }

  /** One whose subscription has changed begins anew. */
  #instance(id: string, client: ClientAttributes, nowMs: number): Instance {
    const subscription = subscriptionOf(this.#configs, client);
    const known = this.#instances.get(id);
    const isKept =
      known !== undefined &&
      known.subscription.id === subscription.id &&
      nowMs - known.seenMs < Math.max(forgottenAfterMs, 3 * subscription.pushIntervalMs);
    const never = Number.NEGATIVE_INFINITY;
    const instance: Instance = isKept
      ? known
      : {
          subscription,
          getMs: never,
          pushMs: never,
          seenMs: nowMs,
          isTerminating: false,
          lastError: "NONE",
        };
    instance.seenMs = nowMs;
    this.#instances.delete(id);
    this.#instances.set(id, instance);
    if (this.#instances.size > instancesMax)
      for (const oldest of this.#instances.keys()) {
        this.#instances.delete(oldest);
        break;
      }
    return instance;
  }
}
