/** What is done with a store, as Kafka names it in metrics. */
export type StoreOperation =
  | "get"
  | "put"
  | "put-if-absent"
  | "delete"
  | "all"
  | "range"
  | "prefix-scan"
  | "fetch"
  | "remove";

/** Which operation each method of a store is. */
export type StoreOperations = Readonly<Record<string, StoreOperation>>;

/** What a store holds back. Methods take any of its kind: it is asked about stores of its own alone. */
export interface BufferSizes<Store> {
  readonly changedBy: readonly string[];
  count(store: Store): number;
  bytes(store: Store): number;
}

export const keyValueOperations: StoreOperations = {
  get: "get",
  readForUpdate: "get",
  put: "put",
  writeUpdated: "put",
  putIfAbsent: "put-if-absent",
  delete: "delete",
  all: "all",
  reverseAll: "all",
  range: "range",
  reverseRange: "range",
  prefixScan: "prefix-scan",
};

export const windowOperations: StoreOperations = {
  fetch: "fetch",
  readForUpdate: "fetch",
  fetchRange: "fetch",
  fetchKeys: "fetch",
  fetchAll: "fetch",
  put: "put",
  putEncoded: "put",
  writeUpdated: "put",
};
