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
