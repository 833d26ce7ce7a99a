import type { Timestamp } from "@millrace/model";
import type { VersionedRecord, VersionPut } from "../contract/versioned-store.ts";

/** What was put, by its time; null: a deletion. */
type Puts = ReadonlyMap<Timestamp, string | null>;

export const historyRetentionMs = 90_000;
export const segmentIntervalMs = 20_000;

/** All that was put, in plain lists. */
export class VersionedModel {
  #puts: ReadonlyMap<string, Puts> = new Map();
  #streamTime = -1;

  copy(): VersionedModel {
    const copy = new VersionedModel();
    copy.#puts = this.#puts;
    copy.#streamTime = this.#streamTime;
    return copy;
  }

  put(key: string, value: string | null, timestamp: Timestamp): VersionPut {
    if (timestamp < this.#expiry) return "expired";
    this.#streamTime = Math.max(this.#streamTime, timestamp);
    const puts = new Map(this.#puts.get(key));
    const times = [...puts.keys()].sort((left, right) => left - right);
    const before = times.findLast((time) => time < timestamp);
    const isLatest = times.at(-1) === timestamp && puts.get(timestamp) !== null;
    const endsVersion = before !== undefined && puts.get(before) !== null;
    // As in Kafka, nothing is left of a version that is deleted at the time at which it began.
    if (value === null && isLatest && !endsVersion) puts.delete(timestamp);
    else puts.set(timestamp, value);
    this.#puts = new Map(this.#puts).set(key, puts);
    return times.find((time) => time > timestamp) ?? "latest";
  }

  get(key: string, asOf: Timestamp | undefined): VersionedRecord<string> | null {
    const latest = this.#versions(key).find(({ validTo }) => validTo === null) ?? null;
    if (asOf === undefined || (latest !== null && latest.timestamp <= asOf)) return latest;
    if (asOf < this.#expiry) return null;
    const isValid = ({ timestamp, validTo }: VersionedRecord<string>): boolean =>
      timestamp <= asOf && validTo !== null && validTo > asOf;
    return this.#versions(key).find(isValid) ?? null;
  }

  history(key: string, from: Timestamp, to: Timestamp): readonly VersionedRecord<string>[] {
    const firstLive = Math.trunc(this.#expiry / segmentIntervalMs);
    return this.#versions(key)
      .filter(({ timestamp }) => timestamp <= to)
      .filter(
        ({ validTo }) =>
          validTo === null ||
          (to >= this.#expiry &&
            validTo > from &&
            Math.trunc(validTo / segmentIntervalMs) >= firstLive),
      );
  }

  get #expiry(): Timestamp {
    return this.#streamTime - historyRetentionMs;
  }

  #versions(key: string): readonly VersionedRecord<string>[] {
    const puts = [...(this.#puts.get(key) ?? [])].sort(([left], [right]) => left - right);
    return puts.flatMap(([timestamp, value], index) =>
      value === null ? [] : [{ value, timestamp, validTo: puts[index + 1]?.[0] ?? null }],
    );
  }
}
