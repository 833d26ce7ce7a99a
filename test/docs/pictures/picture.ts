import { string, type Serde } from "@millrace/serde";
import type { Topology } from "@millrace/streams";
import { TopologyTestDriver } from "@millrace/testing";

/** A record that goes in. */
export interface PictureRecord {
  /** Default: the picture's only topic. */
  readonly topic?: string;
  readonly key: string;
  readonly value: string | null;
  /** In units of the picture. */
  readonly at: number;
}

/** A program, what goes in, and how what comes out is told. */
export interface Picture<K = unknown, V = unknown> {
  readonly unit: { readonly name: string; readonly ms: number };
  readonly ticks: { readonly every: number; readonly to: number };
  /** Characters for one unit. Default 1. */
  readonly scale?: number;
  readonly topology: () => Topology;
  readonly records: readonly PictureRecord[];
  readonly output: { readonly topic: string; readonly key: Serde<K>; readonly value: Serde<V> };
  /** What is written beside the record from which a result came; `at` in units. */
  readonly tell: (key: K, value: V | null, at: number) => string;
  /** A bar below the records, for a result that was not replaced by a later one of its key. */
  readonly bar?: (key: K, value: V | null) => Bar | undefined;
  /** A bar below the records, for the time in which a record can be met. */
  readonly waits?: (record: PictureRecord) => Bar | undefined;
}

/** A stretch of time, in ms; what follows it until `closes` is grace. */
export interface Bar {
  readonly start: number;
  readonly end: number;
  readonly isEndInclusive: boolean;
  readonly closes?: number;
  readonly label: string;
}

/** A record, and what came of it. */
export interface PictureRow extends PictureRecord {
  /** The highest time so far, in units. */
  readonly streamTime: number;
  readonly results: readonly string[];
  readonly isDropped: boolean;
}

export interface PlayedPicture {
  readonly rows: readonly PictureRow[];
  readonly bars: readonly Bar[];
}

/** Runs the program on the records, in the test driver. */
export function play<K, V>(picture: Picture<K, V>): PlayedPicture {
  const { unit, tell } = picture;
  const { topic, ...serdes } = picture.output;
  const driver = new TopologyTestDriver(picture.topology());
  const results = driver.output(topic, serdes);
  const last = new Map<string, Bar | undefined>();
  const rows: PictureRow[] = [];
  let streamTime = 0;
  for (const record of picture.records) {
    const dropped = driver.droppedRecords;
    streamTime = Math.max(streamTime, record.at);
    driver
      .input(record.topic ?? "records", { key: string(), value: string() })
      .pipe(record.key, record.value, { timestamp: record.at * unit.ms });
    const told = results.readAll().map(({ key, value, timestamp }) => {
      if (key === null) throw new Error("a result of a picture has no key");
      last.set(JSON.stringify(key), picture.bar?.(key, value));
      return tell(key, value, timestamp / unit.ms);
    });
    const isDropped = driver.droppedRecords > dropped;
    rows.push({ ...record, streamTime, results: told, isDropped });
  }
  void driver.close();
  const waits = picture.records.map((record) => picture.waits?.(record));
  return { rows, bars: [...waits, ...last.values()].filter((bar) => bar !== undefined) };
}
