import { type Broker, brokerMetricDescriptions } from "@millrace/broker";
import type { HttpApp } from "@millrace/http";
import { type Platform, prometheusText } from "@millrace/platform";
import { Hono } from "hono";

import { processMetricDescriptions, watchProcess } from "./process-metrics.ts";

/** Every metric that `/metrics` may have, and what it tells. */
export const metricDescriptions: Readonly<Record<string, string>> = {
  ...brokerMetricDescriptions,
  ...processMetricDescriptions,
};

const prometheusType = "text/plain; version=0.0.4; charset=utf-8";

/**
 * What monitoring asks of a broker: `/metrics` for Prometheus, `/health` (200, or 503: end the process) and `/ready`
 * (200, or 503: not yet, or not any more).
 *
 * @param brokerNow undefined: it still opens its logs
 */
export function monitoringApp(platform: Platform, brokerNow: () => Broker | undefined): HttpApp {
  const readProcess = watchProcess(platform);
  return new Hono()
    .get("/metrics", async (context) => {
      const values = [...((await brokerNow()?.metrics()) ?? []), ...readProcess()];
      return context.body(prometheusText(values, metricDescriptions), 200, {
        "content-type": prometheusType,
      });
    })
    .get("/health", (context) =>
      brokerNow()?.isHealthy === false
        ? context.text("its device failed: end the process\n", 503)
        : context.text("healthy\n"),
    )
    .get("/ready", async (context) => {
      const broker = brokerNow();
      if (broker === undefined) return context.text("opens its logs\n", 503);
      return (await broker.isReady())
        ? context.text("ready\n")
        : context.text("its groups or transactions cannot be served\n", 503);
    });
}
