export type { Serde } from "./serde.ts";
