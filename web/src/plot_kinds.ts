// plot_kinds.ts - the four plots: sequence numbers, bytes in flight, round trips, advertised window.
import { palette } from './app';
import { Conversation, Flag } from './data';
import { axisNumber } from './format';
import { Curve, Frame, Mark, Plot } from './plot';

/** Positions in the stream of a side: wire numbers without wrapping. */
function unwrapped(c: Conversation, side: number): { seq: (i: number) => number; of: (wire: number) => number; reset: () => void } {
  const base = c.shown(side, c.detail.sides[side].isn);
  let near = base;
  const of = (wire: number) => {
    const shown = c.shown(side, wire);
    near += (shown - near) | 0;
    return near;
  };
  return { seq: (i) => of(c.seq[i]), of, reset: () => { near = base; } };
}

export class SequencePlot extends Plot {
  readonly title = 'seqPlot' as const;
  share = 2;
  private start!: Curve;
  private endOf!: Float64Array;
  private acks!: Curve;
  private windows!: Curve;
  private sacks!: { at: number; from: number; to: number }[];

  prepare(): void {
    const c = this.c, d = this.plots.app.direction;
    const mine = unwrapped(c, d), theirs = unwrapped(c, d), edges = unwrapped(c, d);
    const ends: number[] = [];
    this.start = this.curve((i) => {
      if (c.side[i] !== d || c.span(i) === 0 || c.flags[i] & Flag.Rst) return null;
      const seq = mine.seq(i);
      ends.push(seq + c.span(i));
      return seq;
    });
    this.endOf = Float64Array.from(ends);
    const acking = (i: number) => c.side[i] !== d && (c.flags[i] & Flag.Ack) !== 0 && !(c.flags[i] & Flag.Rst);
    this.acks = this.curve((i) => (acking(i) ? theirs.of(c.ack[i]) : null));
    this.windows = this.curve((i) => (acking(i) ? edges.of(c.ack[i]) + c.window[i] : null));
    this.sacks = [];
    for (let k = 0; k < this.acks.at.length; k++) {
      const i = this.acks.at[k];
      for (let s = c.sackAt[i]; s < c.sackAt[i + 1]; s++) {
        const from = this.acks.value[k] + ((c.sackStart[s] - c.ack[i]) | 0);
        this.sacks.push({ at: i, from, to: from + ((c.sackEnd[s] - c.sackStart[s]) >>> 0) });
      }
    }
  }

  empty(): boolean { return this.start.at.length === 0; }

  bounds(from: number, to: number): [number, number] {
    const [low, high] = this.least(this.start, from, to);
    const [a, b] = this.inside(this.start, from, to);
    let top = high, bottom = low;
    for (let k = a; k < b; k++) top = Math.max(top, this.endOf[k]);
    const acks = this.least(this.acks, from, to);
    if (acks[0] <= acks[1]) {
      top = Math.max(top, acks[1]);
      bottom = Math.min(bottom, Math.max(acks[0], bottom - (top - bottom)));
    }
    // the window's line only as far as it does not crush the data
    const edge = this.least(this.windows, from, to);
    if (edge[0] <= edge[1] && edge[0] < top + (top - bottom) * 0.6) top = Math.max(top, Math.min(edge[1], top + (top - bottom) * 0.35));
    return [bottom, Math.max(top, bottom + 1)];
  }

  marks(): Mark[] {
    return [{ color: 'k-data', key: 'lData' }, { color: 'p-ack', key: 'lAck' }, { color: 'p-window', key: 'lWindow', dashed: true },
      { color: 'p-sack', key: 'lSack' }, { color: 'k-rtx', key: 'lRtx' }, { color: 'k-rst', key: 'lLost' }];
  }

  draw(f: Frame, from: number, to: number): void {
    const { g } = f;
    g.lineWidth = 1.2;
    g.strokeStyle = palette.get('p-window');
    g.setLineDash([4, 3]);
    this.steps(f, this.windows, from, to);
    g.setLineDash([]);
    g.strokeStyle = palette.get('p-ack');
    this.steps(f, this.acks, from, to);
    g.strokeStyle = palette.get('p-sack');
    g.lineWidth = 1.5;
    g.beginPath();
    let column = -1;
    for (const sack of this.sacks) {
      const x = f.x(this.c.time[sack.at]);
      if (x < f.left || x > f.right || (this.sacks.length > 20_000 && Math.round(x) === column)) continue;
      column = Math.round(x);
      g.moveTo(x, f.y(sack.from));
      g.lineTo(x, f.y(sack.to));
    }
    g.stroke();
    this.drawData(f, from, to);
  }

  private drawData(f: Frame, from: number, to: number): void {
    const { g } = f;
    const c = this.c;
    const [a, b] = this.inside(this.start, from, to);
    const dense = b - a > 3 * (f.right - f.left);
    g.lineWidth = dense ? 1 : 2;
    g.strokeStyle = palette.get('k-data');
    g.beginPath();
    if (dense) {
      this.columns(f, this.start, a, b, (x, low, high) => {
        g.moveTo(x, f.y(low) + 0.5);
        g.lineTo(x, f.y(high) - 0.5);
      });
    } else {
      for (let k = a; k < b; k++) {
        if (!c.again(this.start.at[k])) this.bar(f, k);
      }
    }
    g.stroke();
    g.strokeStyle = palette.get('k-rtx');
    g.lineWidth = dense ? 1.5 : 3;
    g.beginPath();
    for (let k = a; k < b; k++) if (c.again(this.start.at[k])) this.bar(f, k);
    g.stroke();
    g.strokeStyle = palette.get('k-rst');
    g.lineWidth = 1.5;
    g.beginPath();
    for (let k = a; k < b; k++) {
      const i = this.start.at[k];
      if (!c.lost(i)) continue;
      const x = f.x(c.time[i]), y = (f.y(this.start.value[k]) + f.y(this.endOf[k])) / 2;
      g.moveTo(x - 3.5, y - 3.5);
      g.lineTo(x + 3.5, y + 3.5);
      g.moveTo(x + 3.5, y - 3.5);
      g.lineTo(x - 3.5, y + 3.5);
    }
    g.stroke();
  }

  private bar(f: Frame, k: number): void {
    const x = f.x(this.time(this.start.at[k]));
    const a = f.y(this.start.value[k]), b = f.y(this.endOf[k]);
    f.g.moveTo(x, a + (a - b < 2 ? 1 : 0));
    f.g.lineTo(x, b - (a - b < 2 ? 1 : 0));
  }

  valueOf(i: number): number | null {
    const from = this.c.side[i] === this.plots.app.direction ? this.start : this.acks;
    const k = indexIn(from, i);
    return k < 0 ? null : from === this.start ? (from.value[k] + this.endOf[k]) / 2 : from.value[k];
  }
}

function indexIn(curve: Curve, i: number): number {
  let a = 0, b = curve.at.length;
  while (a < b) {
    const middle = (a + b) >> 1;
    if (curve.at[middle] < i) a = middle + 1;
    else b = middle;
  }
  return curve.at[a] === i ? a : -1;
}

function valueIn(curve: Curve, i: number): number | null {
  const k = indexIn(curve, i);
  return k < 0 ? null : curve.value[k];
}

export class FlightPlot extends Plot {
  readonly title = 'flightPlot' as const;
  private flight!: Curve;
  private cwnd!: Curve;
  private ssthresh!: Curve;
  private peak!: Curve;

  prepare(): void {
    const d = this.plots.app.direction;
    this.flight = this.curve(this.flights(d));
    this.cwnd = this.told(6, true);
    this.ssthresh = this.told(7, false);
    this.peak = this.cwnd.value.length > 0 ? { at: new Uint32Array(0), value: new Float64Array(0) } : this.peaks();
  }

  /** What the engine counted when a segment was sent, less what ACKs took off since. */
  private flights(d: number): (i: number) => number | null {
    const c = this.c, sent = unwrapped(c, d), acked = unwrapped(c, d);
    let last = 0, top = -Infinity, una = -Infinity;
    return (i) => {
      if (c.flags[i] & Flag.Rst) return null;
      if (c.side[i] === d) {
        if (c.span(i) > 0) top = Math.max(top, sent.seq(i) + c.span(i));
        return c.flight[i] > 0 ? (last = c.flight[i]) : null;
      }
      if (last === 0 || !(c.flags[i] & Flag.Ack)) return null;
      const now = acked.of(c.ack[i]), more = una === -Infinity ? 0 : now - una;
      una = Math.max(una, now);
      last = una >= top ? 0 : Math.max(0, last - Math.max(0, more));
      return last;
    };
  }

  /** A figure that this side's stack told, from the beginning on when it told what it was before. */
  private told(field: 6 | 7, before: boolean): Curve {
    const notes = this.c.detail.inside.filter((note) => note[1] === this.plots.app.direction && note[field] > 0);
    const points = notes.map((note) => [note[0], note[field]]);
    if (before && notes.length > 0) points.unshift([0, notes[0][5]]);
    return { at: new Uint32Array(0), time: Float64Array.from(points, ([ns]) => ns), value: Float64Array.from(points, ([, value]) => value) };
  }

  /** The most in flight during one round trip. */
  private peaks(): Curve {
    const span = this.c.detail.rtt || 1e8;
    const { at, value } = this.flight;
    const out = new Float64Array(value.length);
    const queue: number[] = [];
    let head = 0;
    for (let k = 0; k < at.length; k++) {
      while (queue.length > head && value[queue[queue.length - 1]] <= value[k]) queue.pop();
      queue.push(k);
      while (this.time(at[queue[head]]) < this.time(at[k]) - span) head++;
      out[k] = value[queue[head]];
    }
    return { at, value: out };
  }

  empty(): boolean { return this.flight.at.length === 0 && this.cwnd.value.length === 0; }

  bounds(from: number, to: number): [number, number] {
    return [0, Math.max(1, this.least(this.flight, from, to)[1], this.least(this.cwnd, from, to)[1], this.least(this.peak, from, to)[1])];
  }

  marks(): Mark[] {
    const exact = this.cwnd.value.length > 0;
    return [{ color: 'k-data', key: 'lFlight' }, exact ? { color: 'p-cwnd', key: 'lCwnd' } : { color: 'p-cwnd', key: 'lPeak', dashed: true },
      ...(this.ssthresh.value.length > 0 ? [{ color: 'p-window', key: 'lSsthresh', dashed: true } as Mark] : [])];
  }

  draw(f: Frame, from: number, to: number): void {
    const { g } = f;
    g.lineWidth = 1.4;
    g.strokeStyle = palette.get('p-cwnd');
    if (this.cwnd.value.length > 0) this.steps(f, this.cwnd, from, to);
    else {
      g.setLineDash([4, 3]);
      this.steps(f, this.peak, from, to);
      g.setLineDash([]);
    }
    if (this.ssthresh.value.length > 0) {
      g.strokeStyle = palette.get('p-window');
      g.setLineDash([2, 3]);
      this.steps(f, this.ssthresh, from, to);
      g.setLineDash([]);
    }
    g.strokeStyle = palette.get('k-data');
    this.steps(f, this.flight, from, to);
  }

  valueOf(i: number): number | null { return valueIn(this.flight, i); }
}

export class RttPlot extends Plot {
  readonly title = 'rttPlot' as const;
  private samples!: Curve;
  private srtt!: Curve;
  private rto!: Curve;

  prepare(): void {
    const c = this.c, d = this.plots.app.direction;
    const about = (i: number) => (c.side[i] !== d ? c.rtt[i] > 0 || c.length[i] === 0 : c.length[i] > 0 && c.rtt[i] === 0);
    this.samples = this.curve((i) => (c.side[i] !== d && c.rtt[i] > 0 ? c.rtt[i] * 1e3 : null));
    this.srtt = this.curve((i) => (about(i) && c.srtt[i] > 0 ? c.srtt[i] * 1e3 : null));
    this.rto = this.curve((i) => (about(i) && c.rto[i] > 0 ? c.rto[i] * 1e3 : null));
  }

  empty(): boolean { return this.samples.at.length + this.srtt.at.length + this.rto.at.length === 0; }

  bounds(from: number, to: number): [number, number] {
    const least = Math.max(this.least(this.samples, from, to)[1], this.least(this.srtt, from, to)[1]);
    const rto = this.least(this.rto, from, to)[1];
    return [0, Math.max(1e3, least > 0 ? Math.max(least, Math.min(rto, least * 8)) : rto)];
  }

  marks(): Mark[] {
    return [{ color: 'k-syn', key: 'lSample', dot: true }, { color: 'p-srtt', key: 'lSrtt' }, { color: 'p-rto', key: 'lRto', dashed: true }];
  }

  draw(f: Frame, from: number, to: number): void {
    const { g } = f;
    g.lineWidth = 1.3;
    g.strokeStyle = palette.get('p-rto');
    g.setLineDash([4, 3]);
    this.steps(f, this.rto, from, to);
    g.setLineDash([]);
    g.strokeStyle = palette.get('p-srtt');
    this.steps(f, this.srtt, from, to);
    g.fillStyle = palette.get('k-syn');
    this.dots(f, this.samples, from, to, 1.8);
  }

  protected axisText(value: number): string {
    return value === 0 ? '0' : value < 1e6 ? axisNumber(value / 1e3) + 'µs' : value < 1e9 ? axisNumber(value / 1e6) + 'ms' : axisNumber(value / 1e9) + 's';
  }

  valueOf(i: number): number | null { return valueIn(this.samples, i) ?? valueIn(this.srtt, i); }
}

export class WindowPlot extends Plot {
  readonly title = 'windowPlot' as const;
  private window!: Curve;

  prepare(): void {
    const c = this.c, d = this.plots.app.direction;
    this.window = this.curve((i) => (c.side[i] !== d && !(c.flags[i] & Flag.Rst) ? c.window[i] : null));
  }

  empty(): boolean { return this.window.at.length === 0; }
  bounds(from: number, to: number): [number, number] { return [0, Math.max(1, this.least(this.window, from, to)[1])]; }
  marks(): Mark[] { return [{ color: 'k-win', key: 'lWindow' }, { color: 'k-rst', key: 'lZero' }]; }

  draw(f: Frame, from: number, to: number): void {
    const { g } = f;
    const [a, b] = this.inside(this.window, from, to);
    g.fillStyle = palette.get('closed');
    for (let k = a; k < b; k++) {
      if (this.window.value[k] !== 0) continue;
      const x = f.x(this.time(this.window.at[k]));
      const end = k + 1 < this.window.at.length ? f.x(this.time(this.window.at[k + 1])) : f.x(this.c.end);
      g.fillRect(x, f.top, Math.max(1.5, end - x), f.bottom - f.top);
    }
    g.strokeStyle = palette.get('k-win');
    g.lineWidth = 1.4;
    this.steps(f, this.window, from, to);
    g.strokeStyle = palette.get('k-rst');
    g.lineWidth = 3;
    g.beginPath();
    for (let k = a; k < b; k++) {
      if (this.window.value[k] !== 0) continue;
      const x = f.x(this.time(this.window.at[k]));
      const end = k + 1 < this.window.at.length ? f.x(this.time(this.window.at[k + 1])) : f.x(this.c.end);
      g.moveTo(x, f.bottom - 1);
      g.lineTo(Math.max(x + 2, end), f.bottom - 1);
    }
    g.stroke();
  }

  valueOf(i: number): number | null { return valueIn(this.window, i); }
}
