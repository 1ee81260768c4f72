// Numbers, sizes and times as the person's language writes them.
export function formatBytes(bytes: number, language: string): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toLocaleString(language, { maximumFractionDigits: value < 10 && unit > 0 ? 1 : 0 })} ${units[unit]}`;
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** "2 minutes ago", "in 3 hours". at and now: milliseconds. */
export function formatAgo(at: number, now: number, language: string): string {
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
  const seconds = Math.round((at - now) / 1000);
  for (const [unit, size] of STEPS)
    if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  return format.format(seconds, "second");
}

/** "66 sec", "3 hr 5 min": the two largest units that say something. */
export function formatDuration(seconds: number, language: string): string {
  if (!(seconds >= 0)) return "?";
  const units: [string, number][] = [...STEPS, ["second", 1]];
  const largest =
    seconds < 120 ? 3 : units.findIndex(([, size]) => seconds >= 2 * size || (size > 60 && seconds >= size));
  const parts: string[] = [];
  let left = Math.floor(seconds);
  for (const [unit, size] of units.slice(largest, largest + 2)) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count || unit === "second")
      parts.push(count.toLocaleString(language, { style: "unit", unit, unitDisplay: "short" }));
  }
  return parts.join(" ");
}

export function formatExact(at: string, language: string): string {
  return new Date(at).toLocaleString(language, { dateStyle: "medium", timeStyle: "long" });
}

/** 3:07:09 */
export function formatLeft(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (value: number) => String(value).padStart(2, "0");
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
