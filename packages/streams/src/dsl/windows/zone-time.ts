import type { Timestamp } from "@millrace/model";

export const dayMs = 86_400_000;
const hourMs = 3_600_000;
/** No zone has been farther from UTC since 1970. */
const offsetMsMax = 16 * hourMs;
/** Shorter than the time between two changes of a zone's offset. */
const stepMs = 4 * hourMs;

/** The clocks on the walls of a time zone. Times on them are told as if they were UTC's, in milliseconds since 1970. */
export class ZoneTime {
  readonly #format: Intl.DateTimeFormat;

  /** @throws RangeError for a zone that is not known */
  constructor(timeZone: string) {
    this.#format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      calendar: "gregory",
      numberingSystem: "latn",
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  }

  localOf(timestamp: Timestamp): number {
    return timestamp + this.#offsetAt(timestamp);
  }

  /**
   * When the clocks reached a time first, or went past it: a midnight that did not exist is the end of the gap, one
   * that came twice is the first.
   */
  firstAt(local: number): Timestamp {
    const end = local + offsetMsMax;
    for (let from = local - offsetMsMax; from < end; from += stepMs) {
      const to = from + stepMs;
      const offset = this.#offsetAt(from);
      const later = this.#offsetAt(to);
      const change = offset === later ? to : this.#changeBetween(from, to, offset);
      // Where the clocks were put on over it as the step began, they show more already.
      const before = Math.max(from, local - offset);
      if (before < change) return before;
      // The change itself, where the clocks were put on over it.
      const behind = Math.max(change, local - later);
      if (behind < to) return behind;
    }
    return end;
  }

  /** The first second of another offset. */
  #changeBetween(from: Timestamp, to: Timestamp, offset: number): Timestamp {
    let before = from;
    let behind = to;
    while (behind - before > 1000) {
      const middle = before + Math.floor((behind - before) / 2000) * 1000;
      if (this.#offsetAt(middle) === offset) before = middle;
      else behind = middle;
    }
    return behind;
  }

  #offsetAt(timestamp: Timestamp): number {
    const [month, day, year, hour, minute, second] = (
      this.#format.format(timestamp).match(/\d+/g) ?? []
    ).map(Number);
    const seconds = hour * 3600 + minute * 60 + second;
    return (
      dayOf({ year, month, day }) * dayMs + seconds * 1000 - Math.floor(timestamp / 1000) * 1000
    );
  }
}

interface CivilDate {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
}

// Years are counted from March here, so that leap days come last; 400 years, 146,097 days, are a round.

/** Days since 1970-01-01. */
export function dayOf({ year, month, day }: CivilDate): number {
  const fromMarch = month > 2 ? year : year - 1;
  const round = Math.floor(fromMarch / 400);
  const yearOfRound = fromMarch - round * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const leapDays = Math.floor(yearOfRound / 4) - Math.floor(yearOfRound / 100);
  return round * 146_097 + yearOfRound * 365 + leapDays + dayOfYear - 719_468;
}

export function dateOf(days: number): CivilDate {
  const shifted = days + 719_468;
  const round = Math.floor(shifted / 146_097);
  const dayOfRound = shifted - round * 146_097;
  const leapDays =
    Math.floor(dayOfRound / 1460) -
    Math.floor(dayOfRound / 36_524) +
    Math.floor(dayOfRound / 146_096);
  const yearOfRound = Math.floor((dayOfRound - leapDays) / 365);
  const dayOfYear =
    dayOfRound - (365 * yearOfRound + Math.floor(yearOfRound / 4) - Math.floor(yearOfRound / 100));
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  return {
    year: yearOfRound + round * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1,
  };
}
