import { readFileSync, writeFileSync } from "node:fs";

/** Clock ticks of `/proc/PID/stat` in a second: Linux tells user space 100 on every architecture. */
const ticksPerSecond = 100;

/** CPU seconds, of all threads, that a process has used so far. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** The most memory that a process has held since its start, or since `forgetPeak`. */
export function peakMiB(pid: number | "self"): number {
  return statusMiB(pid, "VmHWM");
}

/** The memory that a process holds now. */
export function residentMiB(pid: number): number {
  return statusMiB(pid, "VmRSS");
}

function statusMiB(pid: number | "self", field: "VmHWM" | "VmRSS"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const [, kibibytes] = new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(status) ?? [];
  return Math.floor(Number(kibibytes) / 1024);
}

/** From now on the peak counts anew. */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}
