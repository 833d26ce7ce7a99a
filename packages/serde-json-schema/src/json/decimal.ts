/** A decimal number as it stands in JSON: `unscaled` divided by ten to the power of `scale`. */
export interface Decimal {
  readonly unscaled: bigint;
  readonly scale: number;
}

/** Beyond, two numbers would take too long to be brought to one scale. */
const scaleDifferenceMax = 1000;

export function decimalOf(digits: string): Decimal {
  const [mantissa, exponent = "0"] = digits.toLowerCase().split("e");
  const [whole, fraction = ""] = mantissa.split(".");
  return { unscaled: BigInt(whole + fraction), scale: fraction.length - Number(exponent) };
}

/** The digits without zeros that say nothing: `10`, `1e1` and `10.0` have one such text. */
export function plainDecimal(digits: string): string {
  const { unscaled, scale } = decimalOf(digits);
  const plain = `${unscaled}`;
  if (plain === "0") return plain;
  let end = plain.length;
  while (plain[end - 1] === "0") end--;
  return `${plain.slice(0, end)}e${plain.length - end - scale}`;
}

/** Whether the first is a whole multiple of the second; undefined: too far apart to say. */
export function isMultiple(value: Decimal, of: Decimal): boolean | undefined {
  const scaled = toOneScale(value, of);
  if (scaled === undefined) return undefined;
  const [dividend, divisor] = scaled;
  return divisor !== 0n && dividend % divisor === 0n;
}

export function isEqual(one: Decimal, other: Decimal): boolean {
  const scaled = toOneScale(one, other);
  return scaled !== undefined && scaled[0] === scaled[1];
}

function toOneScale(one: Decimal, other: Decimal): readonly [bigint, bigint] | undefined {
  const scale = Math.max(one.scale, other.scale);
  if (scale - Math.min(one.scale, other.scale) > scaleDifferenceMax) return undefined;
  const at = (value: Decimal): bigint => value.unscaled * 10n ** BigInt(scale - value.scale);
  return [at(one), at(other)];
}

/**
 * The digits as a Java registry prints them: whole numbers as they are, others with all their decimals, by an
 * exponent where there would be more than six zeros or a positive power of ten.
 */
export function printedDecimal(digits: string): string {
  if (!/[.eE]/.test(digits)) return digits === "-0" ? "0" : digits;
  const { unscaled, scale } = decimalOf(digits);
  const sign = unscaled < 0n ? "-" : "";
  const plain = `${unscaled < 0n ? -unscaled : unscaled}`;
  const adjusted = plain.length - 1 - scale;
  if (scale >= 0 && adjusted >= -6) {
    if (scale === 0) return sign + plain;
    const padded = plain.padStart(scale + 1, "0");
    return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
  }
  const fraction = plain.length > 1 ? `.${plain.slice(1)}` : "";
  return `${sign}${plain[0]}${fraction}E${adjusted < 0 ? "" : "+"}${adjusted}`;
}
