export { storeEngineConformance, type StoreEngineFixture } from "./store-engine-conformance.ts";
export { taskStoresConformance } from "./task-stores-conformance.ts";
export { expiringStoresConformance } from "./expiring-stores-conformance.ts";
export { queryViewsConformance } from "./query-views-conformance.ts";
export { versionedStoresConformance } from "./versioned-stores-conformance.ts";
export { boundedStoresConformance } from "./bounded-stores-conformance.ts";
