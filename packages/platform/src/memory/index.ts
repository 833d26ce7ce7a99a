export { EventQueue, type ScheduledEvent } from "./event-queue.ts";
export { GrowingBytes } from "./growing-bytes.ts";
export { MemoryFileSystem } from "./memory-file-system.ts";
export { MemoryNetwork } from "./memory-network.ts";
export {
  memoryPlatform,
  type MemoryPlatformOptions,
  type TimedMemoryPlatformOptions,
  type VirtualMemoryPlatform,
} from "./memory-platform.ts";
export { alreadyThere, notEmpty, notFound, partsOf, wrongKind } from "./paths.ts";
export { standInCertificates, type StandInCertificate } from "./stand-in-certificates.ts";
export { StandInTls } from "./stand-in-tls.ts";
export { VirtualTime, type VirtualTimeOptions } from "./virtual-time.ts";
export { VirtualTimeError, type VirtualTimeErrorCode } from "./virtual-time-error.ts";
