import { readFileSync } from "node:fs";
import { errnoOf } from "./file-system-errors.ts";

/** A process, told from a later one that got the same number by when it started. */
export interface ProcessIdentity {
  readonly processId: number;
  /** Linux: clock ticks since boot, and the boot; elsewhere empty. */
  readonly startedAt: string;
}

export function ownIdentity(): ProcessIdentity {
  return { processId: process.pid, startedAt: startOf(process.pid) ?? "" };
}

export function isAlive(identity: ProcessIdentity): boolean {
  if (process.platform === "linux" && identity.startedAt !== "")
    return startOf(identity.processId) === identity.startedAt;
  try {
    process.kill(identity.processId, 0);
    return true;
  } catch (error) {
    // It lives, and belongs to another user.
    return errnoOf(error) === "EPERM";
  }
}

/** Undefined: no such process, or one that is dead and only waits to be reaped. */
function startOf(processId: number): string | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const stat = readFileSync(`/proc/${processId}/stat`, "latin1");
    // The name, in parentheses, may hold anything: fields are counted from behind it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const state = fields[0];
    if (state === "Z" || state === "X") return undefined;
    return `${fields[19]}@${bootId()}`;
  } catch {
    return undefined;
  }
}

let knownBootId: string | undefined;

function bootId(): string {
  if (knownBootId !== undefined) return knownBootId;
  try {
    knownBootId = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  } catch {
    knownBootId = "";
  }
  return knownBootId;
}
