// format.ts - numbers as people read them.

export function seconds(ns: number, estimated = false): string {
  const us = Math.round(Math.abs(ns) / 1000);
  const text = Math.floor(us / 1e6) + '.' + String(us % 1e6).padStart(6, '0');
  return (estimated ? '~' : '') + (ns < 0 ? '-' : '') + text;
}

export function duration(ns: number): string {
  if (ns < 999.95e3) return (ns / 1e3).toFixed(1) + ' µs';
  if (ns < 999.95e6) return (ns / 1e6).toFixed(1) + ' ms';
  return (ns / 1e9).toFixed(3) + ' s';
}

export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, '\u2009');
}

export function bytes(value: number): string {
  if (value < 10_000) return grouped(value) + ' B';
  if (value < 9_999_500) return (value / 1e3).toFixed(value < 99_950 ? 1 : 0) + ' kB';
  if (value < 9_999_500_000) return (value / 1e6).toFixed(1) + ' MB';
  return (value / 1e9).toFixed(1) + ' GB';
}

/** Round steps for an axis: 1, 2 or 5 times a power of ten. */
export function ticks(from: number, to: number, count: number): number[] {
  const span = to - from;
  if (!(span > 0) || count < 1) return [];
  const raw = span / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * (raw / power <= 1 ? 1 : raw / power <= 2 ? 2 : raw / power <= 5 ? 5 : 10);
  const out: number[] = [];
  for (let i = Math.ceil(from / step); i * step <= to + step * 1e-9; i++) out.push(i * step);
  return out;
}

/** Seconds on an axis, with as many digits as its steps need. */
export function axisTime(ns: number, stepNs: number): string {
  if (ns === 0) return '0';
  if (stepNs < 1e6) return (ns / 1e6).toFixed(stepNs < 1e4 ? 3 : stepNs < 1e5 ? 2 : 1) + ' ms';
  if (stepNs < 1e9 && Math.abs(ns) < 1e9) return (ns / 1e6).toFixed(0) + ' ms';
  return (ns / 1e9).toFixed(stepNs < 1e7 ? 3 : stepNs < 1e8 ? 2 : stepNs < 1e9 ? 1 : 0) + ' s';
}

/** A short number on an axis. */
export function axisNumber(value: number): string {
  const a = Math.abs(value);
  if (a >= 1e9) return trim(value / 1e9) + 'G';
  if (a >= 1e6) return trim(value / 1e6) + 'M';
  if (a >= 1e4) return trim(value / 1e3) + 'k';
  return trim(value);
}

function trim(value: number): string { return String(Math.round(value * 100) / 100); }
