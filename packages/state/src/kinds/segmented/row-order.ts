/**
 * In what order rows of several keys come, segment by segment. `key`: by key, then time. `time`: by time, then key.
 * `timeOrKey`: all by time, those of a range of keys by key.
 */
export type RowOrder = "key" | "time" | "timeOrKey";

/** As `time`; of sessions the key may come behind both times. */
export type TimeOrder = "time" | "timesThenKey";
