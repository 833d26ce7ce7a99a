import type { Platform } from "@millrace/platform";
import { fileEngineProvider } from "@millrace/state";
import { StreamsApp } from "@millrace/streams";

import { connectToBroker } from "./connect-to-broker.ts";
import { SimulatedWorld } from "./simulated-world.ts";
import { applicationId, watchedPlatform, type SimulationContext } from "./simulation-context.ts";

const restartMs = 20;
/** An instance that fails again and again is started less and less often. */
const restartMsMax = 1_000;

/** An instance of the application, under a supervisor that starts it again whatever happens. */
export async function runInstance(
  real: Platform,
  context: SimulationContext,
  name: string,
): Promise<void> {
  const { history } = context;
  const platform = watchedPlatform(real, name, context);
  let backoffMs = restartMs;
  for (;;) {
    const client = connectToBroker(platform, name);
    let absenceMs = backoffMs;
    const stop = new AbortController();
    const leave = (durationMs: number): void => {
      absenceMs = durationMs;
      stop.abort();
    };
    try {
      history.note(`${name} starts`);
      const app = await StreamsApp.start(
        context.build(new SimulatedWorld(name, platform, history)),
        { ...instanceOptions, ...context.options, signal: stop.signal },
        { platform, cluster: client, engines: fileEngineProvider(platform) },
      );
      history.note(`${name} runs`);
      context.instances.set(name, { app, leave });
      await app.closed;
    } catch (error) {
      if (!stop.signal.aborted) {
        history.lastFailure = `${name} ended: ${textOf(error)}`;
        history.note(history.lastFailure);
        backoffMs = Math.min(restartMsMax, 2 * backoffMs);
      }
    }
    context.instances.delete(name);
    await client.close();
    await platform.timers.sleep(absenceMs);
  }
}

/** Of an application; shorter times than in production, as runs are short. */
export const instanceOptions = {
  applicationId,
  stateDirectory: "/state",
  commitInterval: 100,
  sessionTimeout: 1_500,
  heartbeatInterval: 300,
  transactionTimeout: 1_500,
  closeTimeout: 3_000,
  probingRebalanceInterval: 300,
} as const;

function textOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
