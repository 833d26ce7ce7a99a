import { FileSystemError } from "../file-system-error.ts";
import { nodeTimers } from "./node-timers.ts";

const pauseMs = 20;
const triesMax = 1500;

/**
 * Begins a sync once there is a descriptor for it, up to half a minute: one that was refused would be taken for one
 * that failed, after which nothing may be trusted. Others of the process may hold all, such as its connections.
 */
export async function whenDescriptorsAreLeft<Result>(
  begin: () => Result | Promise<Result>,
): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await begin();
    } catch (error) {
      const isRefused = error instanceof FileSystemError && error.code === "TOO_MANY_OPEN_FILES";
      if (!isRefused || tries === triesMax) throw error;
    }
    await nodeTimers.sleep(pauseMs);
  }
}
