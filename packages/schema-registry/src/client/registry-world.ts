import { sleepByTimer, type Logger, type Platform } from "@millrace/platform";

/** What the client needs of the world: a `Platform` has it. */
export interface RegistryWorld {
  readonly clock: Pick<Platform["clock"], "monotonicMs">;
  readonly timers: Pick<Platform["timers"], "after">;
  readonly random: Pick<Platform["random"], "nextUint32">;
  readonly logger: Logger;
}

/** Any host of JavaScript: its clock and timers, warnings and errors as JSON lines on its console. */
export const hostWorld: RegistryWorld = {
  clock: { monotonicMs: () => performance.now() },
  timers: {
    after(delayMs, callback) {
      const timer = setTimeout(callback, delayMs);
      return { cancel: () => clearTimeout(timer) };
    },
  },
  random: { nextUint32: () => Math.floor(Math.random() * 2 ** 32) },
  logger: {
    isEnabled: (level) => level === "warn" || level === "error",
    log(level, event, fields) {
      if (level !== "warn" && level !== "error") return;
      // oxlint-disable-next-line no-console -- the one place where a host without a platform can be told
      console[level](JSON.stringify({ time: new Date().toISOString(), level, event, ...fields }));
    },
  },
};

export function sleepIn(world: RegistryWorld, delayMs: number, signal: AbortSignal): Promise<void> {
  return sleepByTimer(world.timers, delayMs, signal);
}
