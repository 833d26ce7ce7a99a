/** What an application may have its stores in. */
export const applicationEngines = ["rocksdb", "sqlite", "memory"] as const;

export type ApplicationEngine = (typeof applicationEngines)[number];
