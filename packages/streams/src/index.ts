export { CallbackError, type CallbackErrorCode } from "./error/callback-error.ts";
export { QueryError, type QueryErrorCode } from "./error/query-error.ts";
export type { StoreChange } from "./query/change-feed.ts";
export type { ChangesOptions } from "./query/changes-options.ts";
export type { SessionsRange, WindowRange } from "./query/time-bounds.ts";
export type { Position } from "./query/position.ts";
export type { AnyQueries, QueriesOf, QueryHandle } from "./query/queries-of.ts";
export { queryOptionTable, type KeyPartitioner, type QueryOptions } from "./query/query-options.ts";
export type { KeyOwners } from "./query/app-queries.ts";
export type { Owner } from "./query/task-owners.ts";
export type { QueryTransport } from "./query/query-transport.ts";
export type { FetchHandler, HandlerOptions } from "./app/app-handler.ts";
export type { PartitionResult, Rows } from "./query/rows.ts";
export type { Entry, Lookup } from "./query/store-queries.ts";
export type { KeyOrder, KeyValueQueries } from "./query/key-value-queries.ts";
export type { SessionQueries } from "./query/session-queries.ts";
export type { VersionedQueries } from "./query/versioned-queries.ts";
export type { WindowQueries } from "./query/window-queries.ts";
export { StreamsError, type ErrorPlace, type StreamsErrorCode } from "./error/streams-error.ts";
export {
  TopologyConfigError,
  TopologyError,
  type TopologyErrorCode,
} from "./error/topology-error.ts";
export type { RecordInfo } from "./processor/record-info.ts";
export type {
  Processor,
  DropLevel,
  ProcessorContext,
  ProcessorSupplier,
  RecordMetadata,
} from "./processor/processor.ts";
export type { FixedKeyRecord } from "./processor/fixed-key-record.ts";
export type { CommittedNumbers } from "./processor/committed-numbers.ts";
export type { RecordUnderWay, TaskScope } from "./processor/task-scope.ts";
export type { PunctuationInterval, PunctuationType, Punctuator } from "./processor/punctuation.ts";
export {
  StreamRecord,
  recordOf,
  type Change,
  type FlushedRecord,
  type RecordBytes,
} from "./processor/stream-record.ts";
export { nodeOfHandle } from "./dsl/node-of-handle.ts";
export type { NodeTaps, RecordTap } from "./processor/record-tap.ts";
export { RecordTaps } from "./runtime/record-taps.ts";
export { taskIdText, type TaskId } from "./processor/task-id.ts";
export {
  partitionTimeForInvalidTimestamps,
  skipInvalidTimestamps,
  type ExtractorInput,
  type TimestampExtractor,
} from "./processor/timestamp-extractor.ts";
export type { ErrorPolicy, ErrorResponse } from "./task/error-policy.ts";
export type { RecordAppender, RecordCollector, TopicAppender } from "./task/record-collector.ts";
export { GlobalTask } from "./task/global-task.ts";
export type { GlobalTaskOptions } from "./task/global-task-options.ts";
export type { GlobalStores } from "./task/global-stores.ts";
export { serdeUsesOf } from "./topology/serde-uses.ts";
export { storeOpenings } from "./task/store-openings.ts";
export { StreamTask } from "./task/stream-task.ts";
export type { StreamTaskOptions, TaskConfig } from "./task/stream-task-options.ts";
export { TaskRecordContext } from "./task/task-record-context.ts";
export type { GlobalStore } from "./topology/global-topology.ts";
export type { OffsetReset } from "./topology/offset-reset.ts";
export type {
  ChangelogTopic,
  CopartitionGroup,
  InternalTopic,
  Subtopology,
} from "./topology/subtopology.ts";
export type {
  NodeSerdeUse,
  ProcessorNode,
  SinkNode,
  SourceNode,
  StreamPartitioner,
  TopicNameExtractor,
  TopologyNode,
} from "./topology/topology-node.ts";

export type { WaitingStoreOption } from "./dsl/operators/async/await-values.ts";
export type { AsyncContext } from "./dsl/operators/async/call.ts";
export type { CallOrder, GiveUpPolicy, RetryOptions } from "./dsl/operators/async/call-settings.ts";
export type {
  AsyncActionOptions,
  AsyncMapper,
  AsyncOperators,
  AsyncOptions,
  AwaitOptions,
  LostInput,
} from "./dsl/types/async-operators.ts";
export type { CogroupedKStream, KGroupedStream } from "./dsl/types/k-grouped-stream.ts";
export type { KGroupedTable } from "./dsl/types/k-grouped-table.ts";
export type {
  AnyTable,
  Joinable,
  JoinCheck,
  JoinOptions,
  OptionalOrCallback,
  OuterJoinCheck,
  OuterTableJoinOptions,
  TableJoinCheck,
  TableJoinOptions,
} from "./dsl/types/joins.ts";
export type { JoinStoreOption, JoinStoreOptions } from "./dsl/operators/stream-join/join-stores.ts";
export type { UnmatchedTime } from "./dsl/operators/stream-join/streams-join.ts";
export type { Within } from "./dsl/operators/stream-join/join-window.ts";
export type { BranchValue, SynchronousBranches } from "./dsl/types/split.ts";
export { otherwise, type Otherwise } from "./dsl/operators/split.ts";
export type { AnyStream, KStream, RepartitionOptions } from "./dsl/types/k-stream.ts";
export type { KTable } from "./dsl/types/k-table.ts";
export type {
  GlobalKTable,
  GlobalStoreContext,
  GlobalStoreDefinition,
  StoreKey,
  StoreValue,
} from "./dsl/types/global-table.ts";
export type { GlobalTableOptions } from "./dsl/operators/global-table.ts";
export type {
  FixedKeyProcessorDefinition,
  FixedKeyValue,
  OpenedStore,
  OpenedStores,
  OutputMap,
  OutputSerdes,
  ProcessContext,
  ProcessedStreams,
  ProcessorDefinition,
  ReadableStores,
  StoreHandle,
  TransformContext,
  ValueTransformerDefinition,
  StoreMap,
} from "./dsl/types/processor-types.ts";
export type { Get, Given, Has, Literally, Optional } from "./dsl/types/given-options.ts";
export type {
  AggregationOptions,
  FoldOptions,
  Init,
  KeptOption,
  Expiring,
  NamedStore,
  StoreAfter,
  StoredCheck,
  StoreKind,
  TableStore,
} from "./dsl/types/table-store.ts";
export type {
  CallbackResult,
  KeptBy,
  Guard,
  LeftOutBy,
  ListItem,
  ListResult,
  RecordResult,
  RecordKey,
  RecordValue,
  SynchronousPredicate,
  SynchronousResult,
} from "./dsl/types/callback-types.ts";
export type {
  AddedOperators,
  AsOfJoinCheck,
  AsOfJoinOptions,
  DeduplicateCheck,
  DeduplicateOptions,
} from "./dsl/types/added-operators.ts";
export type { Score } from "./dsl/operators/top-n/score.ts";
export type { AddedStoreOption, AddedStoreOptions } from "./dsl/operators/added-store.ts";
export type {
  GroupedWindowsCheck,
  SessionWindowedKStream,
  TimeWindowedKStream,
  WindowedBy,
  WindowsCheck,
} from "./dsl/types/windowed-streams.ts";
export type {
  CogroupedWindowedBy,
  SessionWindowedCogroupedKStream,
  TimeWindowedCogroupedKStream,
} from "./dsl/types/cogrouped-streams.ts";
export {
  calendar,
  type CalendarOptions,
  type CalendarUnit,
  type Weekday,
} from "./dsl/windows/calendar-windows.ts";
export {
  countWindows,
  type CountWindows,
  type CountWindowsOptions,
} from "./dsl/windows/count-windows.ts";
export type { CountWindowedKStream } from "./dsl/types/count-windowed-stream.ts";
export { customWindows, type CustomWindowsOptions } from "./dsl/windows/custom-windows.ts";
export { session, type SessionWindows } from "./dsl/windows/session-windows.ts";
export { sliding, type SlidingWindows } from "./dsl/windows/sliding-windows.ts";
export type { AnyWindows } from "./dsl/windows/windowing.ts";
export {
  hopping,
  tumbling,
  unlimited,
  type GraceOption,
  type HoppingOptions,
  type TimeWindows,
} from "./dsl/windows/time-windows.ts";
export type { EmitStrategy } from "./dsl/windows/windowed-by.ts";
export type { Aggregator, AggregatorAndMerger, Merger } from "./dsl/fold.ts";
export {
  untilTimeLimit,
  untilWindowCloses,
  type BufferBounds,
  type Suppressed,
  type SuppressedBuffer,
  type SuppressedCheck,
  type TimeLimitOptions,
  type UntilTimeLimit,
  type UntilWindowCloses,
} from "./dsl/suppressed.ts";
export type { AdderAndSubtractor } from "./dsl/operators/aggregate-table.ts";
export type { Predicate } from "./dsl/operators/filter.ts";
export type { FlatMapper } from "./dsl/operators/flat-map.ts";
export type { FlatValueMapper } from "./dsl/operators/flat-map-values.ts";
export type { GroupedOptions } from "./dsl/operators/group-by.ts";
export type { KeyValue, KeyValueMapper } from "./dsl/operators/map.ts";
export type { ValueMapper } from "./dsl/operators/map-values.ts";
export type { RecordAction } from "./dsl/operators/peek.ts";
export type { KeySelector } from "./dsl/operators/select-key.ts";
export type { SourceOptions } from "./dsl/operators/stream.ts";
export type { TableOptions } from "./dsl/operators/table.ts";
export type { TablePredicate } from "./dsl/operators/table-filter.ts";
export type { PrintOptions } from "./dsl/operators/print.ts";
export type { SinkOptions } from "./dsl/operators/to.ts";
export type {
  Carried,
  KeyOf,
  KeyOption,
  KeyStateOf,
  Lost,
  LostOf,
  Needs,
  SerdeOptions,
  SerdeState,
  StateAfter,
  ValueOf,
  ValueOption,
  ValueStateOf,
} from "./dsl/types/serde-state.ts";
export type { StoreOption, StoreOptions } from "./dsl/store-options.ts";
export type { NamedOptions } from "./dsl/stream-node.ts";
export { byName, topic, Topic } from "./dsl/topic.ts";
export type { TopicCheck } from "./dsl/types/topic-check.ts";
export { StreamsBuilder } from "./dsl/streams-builder.ts";
export type { PlanOptions, StoreFormat, TopologyOptimization } from "./plan/lower-plan.ts";
export { Topology } from "./topology/topology.ts";
export { describeTopology } from "./topology/description/describe-text.ts";
export { mermaidOf } from "./topology/description/mermaid.ts";
export { readDescription } from "./topology/description/read-description.ts";
export type {
  ChangelogDescription,
  NodeDescription,
  ProcessorDescription,
  RepartitionTopicDescription,
  SinkDescription,
  SourceDescription,
  StoreDescription,
  SubtopologyDescription,
  TopologyDescription,
} from "./topology/description/topology-description.ts";
export { diffTopologies, type TopologyDiff } from "./topology/diff/diff-topologies.ts";
export type {
  ChangeSeverity,
  TopologyChange,
  TopologyChangeKind,
} from "./topology/diff/topology-change.ts";
export type { GlobalStoreNodes, TopologyContents } from "./topology/topology-contents.ts";
export type {
  ProcessorNodeOptions,
  FedStoreOptions,
  SinkNodeOptions,
  SourceNodeOptions,
} from "./topology/node-options.ts";

export { checkCluster } from "./app/check-cluster.ts";
export { cleanUpState } from "./app/clean-up-state.ts";
export { snapshotState, type SnapshotStateOptions } from "./app/snapshot-state.ts";
export { applicationsIn } from "./app/state-directory.ts";
export { checkTopology } from "./app/check-topology.ts";
export type { ReleasedTask } from "./runtime/released-task.ts";
export type {
  RestoredStore,
  RestoreEvent,
  RestoreListener,
  RestoreProgress,
} from "./runtime/state/restore-event.ts";
export type { StateListener, StreamsState } from "./app/application-state.ts";
export { StreamsApp, type OpenTap, type StreamThread } from "./app/streams-app.ts";
export { ThreadLoop } from "./app/thread-loop.ts";
export type { GroupLeaving } from "./app/loop-host.ts";
export type { OpenThread, ThreadHost, ThreadOwner } from "./app/thread-host.ts";
export type { AnswerPage, PartitionRequest } from "./query/local-answers.ts";
export type { TaskOffsetSum } from "./runtime/assignment/subscription-info.ts";
export type { GroupHosts } from "./runtime/task-assignments.ts";
export type { UncaughtErrorPolicy, UncaughtErrorResponse } from "./app/uncaught-error.ts";
export { closeOptionTable, type CloseOptions } from "./app/close-options.ts";
export { snapshotOptionTable, type SnapshotOptions } from "./app/snapshot-options.ts";
export { openSnapshotStore } from "./app/open-snapshot-store.ts";
export type { SnapshotPlace } from "./app/snapshot-place.ts";
export type { PlacedSnapshotOrder } from "./app/loop-host.ts";
export type { StreamsEnvironment } from "./app/streams-environment.ts";
export {
  applicationIdKind,
  streamsOptionTable,
  type StreamsOptions,
} from "./app/streams-options.ts";
export { ApplicationError, type ApplicationErrorCode } from "./error/application-error.ts";
