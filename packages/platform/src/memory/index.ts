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
export { VirtualTime, type VirtualTimeOptions } from "./virtual-time.ts";
export { VirtualTimeError, type VirtualTimeErrorCode } from "./virtual-time-error.ts";
