export type {
  KeyValueStore,
  ReadOnlyKeyValueStore,
  TimestampedKeyValueStore,
  UpdatableKeyValueStore,
  ValueAndTimestamp,
} from "./contract/key-value-store.ts";
export type { RecordContext, RecordInput } from "./contract/record-context.ts";
export type { EngineTuning, TuneEngine } from "./contract/engine-tuning.ts";
export {
  DatabaseFolders,
  type DatabaseEngine,
  type DatabaseFoldersOptions,
  type OpenDatabase,
} from "./engine/database-folders.ts";
export { engineFailure } from "./engine/engine-failure.ts";
export { lockDirectory } from "./engine/lock-directory.ts";
export { MemoryBudget, type MemoryShare } from "./engine/memory-budget.ts";
export { StateError, type StateErrorCode } from "./contract/state-error.ts";
export type {
  KeyValueReads,
  QueryIsolation,
  StoredValue,
  StoreView,
} from "./contract/store-view.ts";
export { afterKey, afterPrefix } from "./bytes/key-range.ts";
export { toLatin1 } from "./bytes/latin1.ts";
export type { StateStore } from "./contract/state-store.ts";
export type { StoreCursor, StoreEntry } from "./contract/store-cursor.ts";
export type {
  EngineEntry,
  EntryCursor,
  ScanRange,
  StoreEngine,
  StoreEngineProvider,
} from "./contract/store-engine.ts";
export {
  storeEngineKinds,
  type HeadersOption,
  type SpecifiedKind,
  type StoreEngineKind,
  type StoreKind,
  type StoreOptions,
  type StoreSpecification,
} from "./contract/store-specification.ts";
export type { ChangelogWriter } from "./contract/changelog-writer.ts";
export type { ChangelogRecord, OpenStore, StoreEnvironment } from "./contract/open-store.ts";
export type {
  JoinWindowStore,
  ReadOnlyWindowStore,
  TimeRange,
  TimestampedWindowStore,
  UpdatableWindowStore,
  WindowedCursor,
  WindowStore,
} from "./contract/window-store.ts";
export type {
  CachedSessionStore,
  ReadOnlySessionStore,
  SessionRange,
  SessionStore,
} from "./contract/session-store.ts";
export type {
  ReadOnlyVersionedKeyValueStore,
  VersionedKeyValueStore,
  VersionedRecord,
  VersionPut,
  VersionRange,
} from "./contract/versioned-store.ts";
export {
  versionedKeyValueStore,
  type VersionedStoreOptions,
  type VersionedStoreSpecification,
} from "./kinds/versioned/versioned-kind.ts";
export type { DueRecord, JoinBuffer } from "./contract/join-buffer.ts";
export {
  joinBuffer,
  type JoinBufferOptions,
  type JoinBufferSpecification,
} from "./kinds/join-buffer/join-buffer-kind.ts";
export type { ListValueStore } from "./contract/list-value-store.ts";
export { listValueStore } from "./kinds/list-value/list-value-kind.ts";
export {
  lruStore,
  type LruStoreOptions,
  type LruStoreSpecification,
} from "./kinds/lru/lru-kind.ts";
export { subscriptionStore } from "./kinds/timestamped-key-value/subscription-store-kind.ts";
export { joinWindowStore } from "./kinds/window/join-window-kind.ts";
export { timestampedLruStore } from "./kinds/lru/timestamped-lru-kind.ts";
export type {
  EvictedChange,
  TimeOrderedBuffer,
  ValueChange,
} from "./contract/time-ordered-buffer.ts";
export { suppressionBuffer } from "./kinds/suppression/suppression-kind.ts";
export type { RowOrder } from "./kinds/segmented/row-order.ts";
export { windowStore } from "./kinds/window/window-kind.ts";
export type {
  WindowStoreOptions,
  WindowStoreSpecification,
} from "./kinds/window/window-specification.ts";
export { timestampedWindowStore } from "./kinds/timestamped-window/timestamped-window-kind.ts";
export {
  sessionStore,
  type SessionStoreOptions,
  type SessionStoreSpecification,
} from "./kinds/session/session-kind.ts";
export { keyValueStore } from "./kinds/key-value/key-value-kind.ts";
export {
  timestampedKeyValueStore,
  untimedKeyValueStore,
} from "./kinds/timestamped-key-value/timestamped-key-value-kind.ts";
export type {
  StoreForm,
  StoreOpening,
  TaskStores,
  TaskStoresOptions,
} from "./contract/task-stores.ts";
export type {
  FlushContext,
  FlushedValue,
  FlushListener,
  FlushListenerOptions,
  UpdatableStore,
} from "./contract/updatable-store.ts";
export { CacheBudget } from "./contract/cache-budget.ts";
export { MemoryEngine } from "./memory/memory-engine.ts";
export { memoryEngineProvider } from "./memory/memory-engine-provider.ts";
export { openTaskStores } from "./stores/open-task-stores.ts";
export { fileEngineProvider } from "./file/file-engine-provider.ts";
export { SnapshotError, type SnapshotErrorCode } from "./contract/snapshot-error.ts";
export type { SnapshotStore } from "./contract/snapshot-store.ts";
export { directorySnapshotStore } from "./snapshots/directory-snapshot-store.ts";
export { Snapshot } from "./snapshots/read-snapshot.ts";
export { pruneSnapshots } from "./snapshots/prune-snapshots.ts";
export { snapshotIds, type SnapshotOwner } from "./snapshots/snapshot-folders.ts";
export type { SnapshotManifest, SnapshotOfStore } from "./snapshots/snapshot-manifest.ts";
export {
  writeSnapshot,
  type WriteSnapshotOptions,
  type WrittenSnapshot,
} from "./snapshots/write-snapshot.ts";
