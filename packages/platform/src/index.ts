export { abortable } from "./abortable.ts";
export {
  type DescriptorBounds,
  type FileHandle,
  type FileLock,
  type FileOpenMode,
  type FileStat,
  type FileSystem,
  noDescriptorBounds,
} from "./file-system.ts";
export { FileSystemError, type FileSystemErrorCode } from "./file-system-error.ts";
export { JoinedSignal } from "./joined-signal.ts";
export { silentLogger, type LogFields, type Logger, type LogLevel } from "./logger.ts";
export { loggerKind, type AnyLogger, type LeveledLogger } from "./logging/accepted-logger.ts";
export { GuardedLogger, type GuardedLoggerOptions } from "./logging/guarded-logger.ts";
export { withFields } from "./logging/with-fields.ts";
export { MetricRegistry } from "./metric-registry.ts";
export { OwnedGauges } from "./owned-gauges.ts";
export {
  isCounter,
  type Counter,
  type Metrics,
  type MetricTags,
  type MetricValue,
} from "./metrics.ts";
export {
  handshakeMsMax,
  type Connection,
  type ConnectionHandler,
  type Listener,
  type Network,
  type NetworkAddress,
} from "./network.ts";
export { isTlsFailure, NetworkError, type NetworkErrorCode } from "./network-error.ts";
export type { Clock, Platform, Random, Timer, Timers } from "./platform.ts";
export { prometheusText } from "./prometheus-text.ts";
export { isRecorded, recordingLevels, type RecordingLevel } from "./recording-level.ts";
export { SampledValues, showSampled, type SampledReading } from "./sampled-values.ts";
export { SeededRandom } from "./seeded-random.ts";
export { sleepByTimer } from "./sleep-by-timer.ts";
export { TimedWork, timedNames, timedRates, type TimedWorkOptions } from "./timed-work.ts";
export type { ClientTls, PeerCertificate, ServerTls, TlsIdentity, TlsVersion } from "./tls.ts";
export { GuardedTracing } from "./guarded-tracing.ts";
export {
  traced,
  type LoopTracing,
  type TracedLoop,
  type TracedRecord,
  type TracedWork,
  type Tracing,
} from "./tracing.ts";
export { unsetHandler } from "./unset-handler.ts";
