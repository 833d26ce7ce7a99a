import { int64AsNumber, json, string, topic } from "millrace";

export interface Visit {
  readonly page: string;
  readonly country: string;
}

/** How often a page was visited, and which version of the program has counted it. */
export interface PageCount {
  readonly visits: number;
  readonly by: string;
}

/** Keyed by page. */
export const visits = topic("visits", { key: string(), value: json<Visit>() });
export const pageCounts = topic("page-counts", { key: string(), value: json<PageCount>() });
export const popular = topic("popular-pages", { key: string(), value: int64AsNumber() });
export const countries = topic("country-counts", { key: string(), value: int64AsNumber() });
