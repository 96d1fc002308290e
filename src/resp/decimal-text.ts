/**
 * Decimal fractions for INCRBYFLOAT: added exactly, with 17 places behind the point, and written
 * without trailing zeros.
 */

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;
const PLACES = 17;
/** Of the exponent and of the digits in front of the point. */
const DIGITS_MAX = 400;

/** In units of the last place; undefined: it is no number, or too large. */
export function decimalFrom(text: string): bigint | undefined {
  const [, sign, whole = '', fraction = '', exponentText = '0'] = DECIMAL.exec(text) ?? [];
  if (sign === undefined || whole.length + fraction.length === 0) return undefined;
  const exponent = Number(exponentText);
  if (Math.abs(exponent) > DIGITS_MAX || whole.length > DIGITS_MAX) return undefined;
  const digits = BigInt(whole + fraction);
  const shift = exponent - fraction.length + PLACES;
  const size = shift >= 0 ? digits * 10n ** BigInt(shift) : rounded(digits, 10n ** BigInt(-shift));
  return sign === '-' ? -size : size;
}

function rounded(value: bigint, unit: bigint): bigint {
  return (value + unit / 2n) / unit;
}

export function decimalText(value: bigint): string {
  const isNegative = value < 0n;
  const digits = (isNegative ? -value : value).toString().padStart(PLACES + 1, '0');
  const whole = digits.slice(0, -PLACES);
  const fraction = digits.slice(-PLACES).replace(/0+$/, '');
  return `${isNegative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}
