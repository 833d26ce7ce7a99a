import type { FileSystem } from "@millrace/platform";
import { BrokerError } from "./broker-error.ts";

/** With fewer a broker starts, and cannot sync: its files and those of Node leave nothing for folders and clients. */
const descriptorsMin = 128;

/** @throws BrokerError `TOO_FEW_DESCRIPTORS` */
export function checkDescriptors(fileSystem: FileSystem): void {
  const { all } = fileSystem.descriptors();
  if (all >= descriptorsMin) return;
  throw new BrokerError(
    "TOO_FEW_DESCRIPTORS",
    `this process may have ${all} files and connections open at once, and a broker needs at least ${descriptorsMin}; ` +
      "raise the limit in the shell (`ulimit -n 1024`), for a service (systemd: LimitNOFILE=1024) or a container " +
      "(docker run --ulimit nofile=1024)",
  );
}
