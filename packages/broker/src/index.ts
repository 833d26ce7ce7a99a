export { Broker } from "./broker.ts";
export type { BrokerOptions } from "./broker-options.ts";
export { BrokerError, type BrokerErrorCode } from "./broker-error.ts";
export type { BrokerProperties } from "./config/broker-config.ts";
export { ConfigError, type ConfigErrorCode } from "./config/config-error.ts";
export { durabilityLevels, type DurabilityLevel } from "./partition/durability.ts";
export { parsePropertiesFile } from "./config/properties-file.ts";
export { type JaasEntry, parseJaas } from "./security/authentication/jaas.ts";
export {
  SaslError,
  type SaslExchange,
  type SaslMechanism,
  type SaslOutcome,
  type SaslStep,
} from "./security/authentication/sasl-mechanism.ts";
export { clientTls } from "./security/encryption/client-tls.ts";
export { metricDescriptions as brokerMetricDescriptions } from "./metrics/metric-descriptions.ts";
export type {
  BrokerWorkerFailure,
  BrokerWorkerMessage,
  BrokerWorkerOptions,
} from "./worker/broker-worker-messages.ts";
