import { readdirSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";

import type { MetricValue, Platform } from "@millrace/platform";

/** Metrics of the process, under the names that Prometheus' own clients use. */
export const processMetricDescriptions = {
  process_cpu_seconds_total: "processor time, of all threads",
  process_resident_memory_bytes: "memory that the process has",
  process_start_time_seconds: "when the process began, since 1970",
  process_open_fds: "files and connections that are open; where the system tells it",
  process_max_fds: "how many may be (`ulimit -n`)",
  nodejs_eventloop_lag_p99_seconds:
    "how late timers were since the metrics were read last, 99th percentile",
} as const;

type ProcessMetricName = keyof typeof processMetricDescriptions;

const nanosecondsPerSecond = 1e9;

/** Watches this process from now on; gives what reads its metrics. */
export function watchProcess({ fileSystem }: Platform): () => readonly MetricValue[] {
  const delays = monitorEventLoopDelay();
  delays.enable();
  const startSeconds = Date.now() / 1000 - process.uptime();
  return () => {
    const { user, system } = process.cpuUsage();
    const lagSeconds = delays.percentile(99) / nanosecondsPerSecond;
    delays.reset();
    const openCount = openFileCount();
    const values: Readonly<Partial<Record<ProcessMetricName, number>>> = {
      process_cpu_seconds_total: (user + system) / 1e6,
      process_resident_memory_bytes: process.memoryUsage.rss(),
      process_start_time_seconds: startSeconds,
      ...(openCount === undefined ? {} : { process_open_fds: openCount }),
      process_max_fds: fileSystem.descriptors().all,
      nodejs_eventloop_lag_p99_seconds: lagSeconds,
    };
    return Object.entries(values).map(([name, value]) => ({ name, tags: {}, value }));
  };
}

/** Undefined: this system has no list of them. */
function openFileCount(): number | undefined {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return undefined;
  }
}
