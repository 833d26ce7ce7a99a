/** `Timestamp` and `Duration` as texts, to the nanosecond. */
import { shown } from "@millrace/model";

import { ProtobufError } from "./protobuf-error.ts";

interface SecondsAndNanos {
  readonly seconds?: unknown;
  readonly nanos?: unknown;
}

interface Parsed {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** Year 1 to 9999, as Protobuf allows. */
const secondsMin = -62_135_596_800n;
const secondsMax = 253_402_300_799n;
const durationSecondsMax = 315_576_000_000n;

export function timestampText({ seconds = 0n, nanos = 0 }: SecondsAndNanos): string {
  const whole = BigInt(seconds as bigint);
  if (whole < secondsMin || whole > secondsMax) {
    throw unfit(`a timestamp of ${whole} seconds, which is in no year from 1 to 9999`);
  }
  const days = Math.floor(Number(whole) / secondsOfDay);
  const rest = Number(whole) - days * secondsOfDay;
  const time = [rest / 3600, (rest / 60) % 60, rest % 60].map((part) => padded(Math.floor(part)));
  return `${dateText(days)}T${time.join(":")}${fraction(Number(nanos))}Z`;
}

export function parseTimestamp(text: unknown): Parsed {
  const match =
    typeof text === "string"
      ? /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/.exec(
          text,
        )
      : null;
  const days = match === null ? undefined : dayNumber(match[1], match[2], match[3]);
  const [hours, minutes, seconds] = (match ?? []).slice(4, 7).map(Number);
  if (match === null || days === undefined || hours > 23 || minutes > 59 || seconds > 59) {
    throw unfit(`a timestamp is a text such as "2026-01-31T12:00:00.5Z", not ${shown(text)}`);
  }
  const [, , , , , , , digits = "", sign, offsetHours = 0, offsetMinutes = 0] = match;
  const offset = Number(offsetHours) * 3600 + Number(offsetMinutes) * 60;
  const local = days * secondsOfDay + hours * 3600 + minutes * 60 + seconds;
  return {
    seconds: BigInt(sign === "-" ? local + offset : local - offset),
    nanos: Number(digits.padEnd(9, "0")),
  };
}

const secondsOfDay = 86_400;
/** Days of 400 years, after which the calendar repeats itself. */
const daysOfEra = 146_097;
/** From 1 March of year 0, with which a leap day ends a year, to 1 January 1970. */
const daysToEpoch = 719_468;

/** The day of a date, from 1970; undefined: there is no such date. */
function dayNumber(year: string, month: string, day: string): number | undefined {
  const fromMarch = (Number(month) + 9) % 12;
  const years = Number(year) - (fromMarch > 9 ? 1 : 0);
  const dayOfYear = Math.floor((153 * fromMarch + 2) / 5) + Number(day) - 1;
  const leapDays = Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400);
  const number = years * 365 + leapDays + dayOfYear - daysToEpoch;
  return dateText(number) === `${year}-${month}-${day}` ? number : undefined;
}

/** The date of a day from 1970, in the Gregorian calendar. */
function dateText(number: number): string {
  const days = number + daysToEpoch;
  const era = Math.floor(days / daysOfEra);
  const dayOfEra = days - era * daysOfEra;
  const leapDays =
    Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  const month = ((fromMarch + 2) % 12) + 1;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${padded(year, 4)}-${padded(month)}-${padded(day)}`;
}

function padded(number: number, width = 2): string {
  return `${number}`.padStart(width, "0");
}

export function durationText({ seconds = 0n, nanos = 0 }: SecondsAndNanos): string {
  const whole = BigInt(seconds as bigint);
  const part = Number(nanos);
  const isNegative = whole < 0n || part < 0;
  const size = whole < 0n ? -whole : whole;
  return `${isNegative ? "-" : ""}${size}${fraction(Math.abs(part))}s`;
}

export function parseDuration(text: unknown): Parsed {
  const match = typeof text === "string" ? /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(text) : null;
  const seconds = BigInt(match?.[2] ?? 0);
  if (match === null || seconds > durationSecondsMax) {
    throw unfit(`a duration is a text such as "1.5s", not ${shown(text)}`);
  }
  const nanos = Number((match[3] ?? "").padEnd(9, "0"));
  return match[1] === "-"
    ? { seconds: -seconds, nanos: nanos === 0 ? 0 : -nanos }
    : { seconds, nanos };
}

/** None, 3, 6 or 9 digits, as the other implementations print it. */
function fraction(nanos: number): string {
  if (nanos === 0) return "";
  const digits = `${nanos}`.padStart(9, "0");
  return `.${digits.replace(/(000){1,2}$/, "")}`;
}

function unfit(problem: string): ProtobufError {
  return new ProtobufError("INVALID_VALUE", problem);
}
