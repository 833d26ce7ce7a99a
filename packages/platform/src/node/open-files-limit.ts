import { readFileSync } from "node:fs";

/** Where nothing tells: what most systems start with. */
const limitDefault = 1024;
/** Windows counts handles, of which there are millions. */
const windowsLimit = 8192;

/** How many descriptors this process may have (`ulimit -n`): files and sockets together. */
export function openFilesLimit(): number {
  if (process.platform === "win32") return windowsLimit;
  return limitOf(fromProc() ?? fromReport());
}

function fromProc(): string | undefined {
  try {
    return /^Max open files\s+(\S+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
  } catch {
    return undefined;
  }
}

/** Where there is no /proc, as on macOS. */
function fromReport(): string | undefined {
  // Looking up names of the network takes long; the type does not know the switch yet.
  Object.assign(process.report, { excludeNetwork: true });
  // Its type says no more than that it is an object.
  const report = process.report.getReport() as {
    readonly userLimits?: { readonly open_files?: { readonly soft?: number | string } };
  };
  const soft = report.userLimits?.open_files?.soft;
  return soft === undefined ? undefined : String(soft);
}

function limitOf(text: string | undefined): number {
  if (text === "unlimited") return Number.POSITIVE_INFINITY;
  const limit = Number(text);
  return Number.isInteger(limit) && limit > 0 ? limit : limitDefault;
}
