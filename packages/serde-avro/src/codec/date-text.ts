import { malformed } from "./avro-error.ts";
import { mismatch } from "./write-cursor.ts";

const date = /^([+-]?\d{4,12})-(\d\d)-(\d\d)$/;
const time = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?$/;

/** Days since 1970 as `2026-11-28`; years beyond four digits have their sign. */
export function dateText(days: number): string {
  // By the calendar's 400 years, counted from March: leap days stand at the end of a year then.
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const day = shifted - era * 146_097;
  const year = Math.floor(
    (day - Math.floor(day / 1460) + Math.floor(day / 36_524) - Math.floor(day / 146_096)) / 365,
  );
  const dayOfYear = day - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  const month = Math.floor((5 * dayOfYear + 2) / 153);
  const dayOfMonth = dayOfYear - Math.floor((153 * month + 2) / 5) + 1;
  const isNextYear = month >= 10;
  const fullYear = year + era * 400 + (isNextYear ? 1 : 0);
  return `${yearText(fullYear)}-${digits(isNextYear ? month - 9 : month + 3, 2)}-${digits(dayOfMonth, 2)}`;
}

/** @throws AvroError `INVALID_VALUE` */
export function daysOf(text: unknown): number {
  const parts = typeof text === "string" ? date.exec(text) : null;
  if (parts === null) throw mismatch();
  const [year, month, dayOfMonth] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  const shiftedYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(shiftedYear / 400);
  const yearOfEra = shiftedYear - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + dayOfMonth - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  const days = era * 146_097 + dayOfEra + dayOfYear - 719_468;
  // What is no day of the calendar, such as the 31st of June, would be another.
  if (month < 1 || dateText(days) !== `${yearText(year)}-${parts[2]}-${parts[3]}`) throw mismatch();
  return days;
}

/**
 * A time of the day as `13:05:09.007`, with all digits of its unit.
 *
 * @param unitsPerSecond 1000, 10^6 or 10^9
 */
export function timeText(value: number, unitsPerSecond: number): string {
  const seconds = Math.floor(value / unitsPerSecond);
  if (seconds < 0 || seconds >= 86_400) throw malformed(`a time of the day is ${value}`);
  const fraction = digits(value - seconds * unitsPerSecond, fractionDigits(unitsPerSecond));
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return `${clock.map((part) => digits(part, 2)).join(":")}.${fraction}`;
}

/** @throws AvroError `INVALID_VALUE`, also where digits would be lost */
export function timeOf(text: unknown, unitsPerSecond: number): number {
  const parts = typeof text === "string" ? time.exec(text) : null;
  if (parts === null) throw mismatch();
  const [hours, minutes, seconds] = [Number(parts[1]), Number(parts[2]), Number(parts[3] ?? 0)];
  const count = fractionDigits(unitsPerSecond);
  const fraction = (parts[4] ?? "").padEnd(count, "0");
  const isExact = /^0*$/.test(fraction.slice(count));
  if (hours > 23 || minutes > 59 || seconds > 59 || !isExact) throw mismatch();
  return (
    (hours * 3600 + minutes * 60 + seconds) * unitsPerSecond + Number(fraction.slice(0, count))
  );
}

/** A date with its time as `2026-11-28T12:05:09.000007`, without a zone. */
export function dateTimeText(value: bigint | number, unitsPerSecond: number): string {
  if (typeof value === "number" && Number.isSafeInteger(value)) {
    const perDay = 86_400 * unitsPerSecond;
    const days = Math.floor(value / perDay);
    return `${dateText(days)}T${timeText(value - days * perDay, unitsPerSecond)}`;
  }
  const whole = BigInt(value);
  const perDay = 86_400n * BigInt(unitsPerSecond);
  const rest = ((whole % perDay) + perDay) % perDay;
  const days = Number((whole - rest) / perDay);
  return `${dateText(days)}T${timeText(Number(rest), unitsPerSecond)}`;
}

/** @throws AvroError `INVALID_VALUE` */
export function dateTimeOf(text: unknown, unitsPerSecond: number): bigint {
  const [day, clock, ...more] = typeof text === "string" ? text.split("T") : [];
  if (clock === undefined || more.length > 0) throw mismatch();
  const perDay = 86_400n * BigInt(unitsPerSecond);
  return BigInt(daysOf(day)) * perDay + BigInt(timeOf(clock, unitsPerSecond));
}

function fractionDigits(unitsPerSecond: number): number {
  return Math.round(Math.log10(unitsPerSecond));
}

function yearText(year: number): string {
  if (year > 9999) return `+${year}`;
  return year < 0 ? `-${digits(-year, 4)}` : digits(year, 4);
}

function digits(value: number, count: number): string {
  return `${value}`.padStart(count, "0");
}
