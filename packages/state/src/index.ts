export type { EngineEntry, EntryCursor, ScanRange, StoreEngine, StoreEngineProvider } from "./contract/store-engine.ts";
