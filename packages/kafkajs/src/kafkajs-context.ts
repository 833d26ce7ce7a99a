import { abortable, type Platform } from "@millrace/platform";
import type { Kafka } from "kafkajs";

import { attempt } from "./link/waiting.ts";
import { KafkajsLink, type LinkOptions } from "./link/kafkajs-link.ts";

/** What all parts of a cluster client share. */
export interface KafkajsContext {
  readonly kafka: Kafka;
  readonly platform: Platform;
  readonly requestTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly metadataMaxAgeMs: number;
  /** Aborts with the error for who comes too late. */
  readonly closing: AbortSignal;
}

export function openLink({ kafka }: KafkajsContext, options: LinkOptions): KafkajsLink {
  return new KafkajsLink(kafka, options);
}

/** Attempts it within the request timeout. */
export function request<T>(
  { platform, requestTimeoutMs, closing }: KafkajsContext,
  { what, signal }: { readonly what: string; readonly signal: AbortSignal | undefined },
  work: () => Promise<T>,
): Promise<T> {
  const signals = [signal, closing];
  return attempt({ platform, what, timeoutMs: requestTimeoutMs, signals }, work);
}

/** Waits for an end no longer than it may take; kafkajs waits for what is on its way. Never rejects. */
export async function endWithin(
  { platform, kafka }: KafkajsContext,
  timeoutMs: number,
  work: Promise<unknown>,
): Promise<void> {
  const over = new AbortController();
  const timer = platform.timers.after(timeoutMs, () =>
    over.abort(new Error(`not done within ${timeoutMs} ms`)),
  );
  try {
    await abortable(work, over.signal);
  } catch (error) {
    kafka.logger().warn(`[Millrace] a part did not close well: ${String(error)}`);
  } finally {
    timer.cancel();
  }
}
