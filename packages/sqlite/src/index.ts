export { sqliteEngineProvider, type SqliteOptions } from "./sqlite-engine-provider.ts";
