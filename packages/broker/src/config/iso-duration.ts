const pattern =
  /^([-+]?)P(?:([-+]?\d+)D)?(?:T(?=[-+\d])(?:([-+]?\d+)H)?(?:([-+]?\d+)M)?(?:([-+]?\d+(?:[.,]\d{0,9})?)S)?)?$/i;

/** Milliseconds of a duration as Java's `Duration.parse` reads it, such as `P1DT2H3.5S`; undefined: it is none. */
export function parseIsoDurationMs(text: string): number | undefined {
  const match = pattern.exec(text);
  if (match === null || /^[-+]?P$/i.test(text)) return undefined;
  const [, sign, days = "0", hours = "0", minutes = "0", seconds = "0"] = match;
  const units = Number(days) * 86_400 + Number(hours) * 3_600 + Number(minutes) * 60;
  const ms = (units + Number(seconds.replace(",", "."))) * 1_000;
  return sign === "-" ? -ms : ms;
}
