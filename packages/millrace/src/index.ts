export {
  RecordDeserializationError,
  type ConnectOptions,
  type Consumer,
  type ConsumerOptions,
  type ConsumerRecord,
  type DeserializationPolicy,
  type KafkaClient,
  type Producer,
  type ProducerOptions,
  type ProducerRecord,
  type RecordMetadata,
} from "@millrace/client";
export {
  ClusterError,
  type BatchReader,
  type BatchWriter,
  type ClusterAdmin,
  type ClusterClient,
} from "@millrace/cluster";
export { BaseError, OptionError, type Duration, type Header, type Headers } from "@millrace/model";
export {
  bytes,
  double,
  int32,
  int64,
  int64AsNumber,
  json,
  optional,
  SerdeError,
  string,
  type Serde,
} from "@millrace/serde";
export { StateError } from "@millrace/state";
export {
  ApplicationError,
  StreamsBuilder,
  StreamsError,
  Topology,
  TopologyError,
} from "@millrace/streams";
export { type ClusterAddress } from "./cluster-address.ts";
export { connect } from "./connect.ts";
export { EmbeddedCluster, type EmbeddedClusterOptions } from "./embedded/embedded-cluster.ts";
export { EmbeddedClusterError } from "./embedded/embedded-cluster-error.ts";
export { StreamsApp, type StreamsOptions } from "./streams-app.ts";
