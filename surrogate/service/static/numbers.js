// Numbers as people read them: as the service's own pages write them, too.

/** A number with so many decimals; what rounds to nothing has no sign. */
export function fixed(value, decimals) {
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? (0).toFixed(decimals) : text;
}

/** The same with its sign, unless it rounds to nothing. */
export const signed = (value, decimals) => `${Number(value.toFixed(decimals)) > 0 ? "+" : ""}${fixed(value, decimals)}`;

/** A number with so many digits that count, and no exponent. */
export function significant(value, digits = 3) {
  const rounded = Number(value.toPrecision(digits));
  if (rounded === 0) return "0";
  return rounded.toFixed(Math.min(Math.max(digits - 1 - Math.floor(Math.log10(Math.abs(rounded))), 0), 20));
}

/** A quantity to three digits, with the prefix that keeps it short. */
export function scaled(value, unit) {
  const size = Math.abs(Number(value.toPrecision(3)));
  const [factor, prefix] = [[1e9, "G"], [1e6, "M"], [1e3, "k"]].find(([least]) => size >= least) || [1, ""];
  return `${significant(value / factor)} ${prefix}${unit}`;
}
