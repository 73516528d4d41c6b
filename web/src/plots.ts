// plots.ts - four plots over the same time: sequence numbers, bytes in flight, round trips, window. What was
// drawn stays on one canvas; the cursor, the selection and the now-line are on another above it, so that
// moving them costs nothing. Lines with many points are drawn as the least and greatest per pixel column.
import { App, byId, el, fitCanvas, MONO, palette, perFrame, SANS } from './app';
import { Conversation, Flag } from './data';
import { axisNumber, axisTime, ticks } from './format';
import { pick, t, Key } from './texts';

const LEFT = 50;
const RIGHT = 10;
const TITLE = 20;
const AXIS = 18;

/** Points of one curve: indexes of segments, and values; times when they are others than the segments'. */
interface Curve { at: Uint32Array; value: Float64Array; time?: Float64Array }

interface Frame {
  g: CanvasRenderingContext2D;
  x: (ns: number) => number;
  y: (value: number) => number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

interface Mark { color: string; key: Key; dashed?: boolean; dot?: boolean }

abstract class Plot {
  readonly box: HTMLElement;
  readonly base = document.createElement('canvas');
  readonly over = document.createElement('canvas');
  protected ceiling = 1;
  protected floor = 0;
  abstract readonly title: Key;
  share = 1;

  constructor(protected readonly plots: Plots, readonly name: string) {
    this.box = el('div', { class: 'plot', 'data-plot': name, role: 'img' }, this.base, this.over);
  }

  protected get c(): Conversation { return this.plots.app.conversation; }
  /** Time of a segment, for this direction's plots. */
  protected time(i: number): number { return this.c.time[i]; }
  protected when(curve: Curve, k: number): number { return curve.time ? curve.time[k] : this.c.time[curve.at[k]]; }
  abstract prepare(): void;
  abstract marks(): Mark[];
  abstract empty(): boolean;
  /** Least and greatest value between two times. */
  abstract bounds(from: number, to: number): [number, number];
  abstract draw(frame: Frame, from: number, to: number): void;
  abstract valueOf(i: number): number | null;

  frame(canvas: HTMLCanvasElement, axis: boolean): Frame {
    const w = this.box.clientWidth, h = this.box.clientHeight;
    const g = fitCanvas(canvas, w, h);
    const [from, to] = this.plots.app.range;
    const top = TITLE, bottom = h - (axis ? AXIS : 5), left = LEFT, right = w - RIGHT;
    return {
      g, left, right, top, bottom,
      x: (ns) => left + ((ns - from) / (to - from)) * (right - left),
      y: (value) => bottom - ((value - this.floor) / (this.ceiling - this.floor)) * (bottom - top),
    };
  }

  paint(axis: boolean): void {
    const [from, to] = this.plots.app.range;
    const [low, high] = this.empty() ? [0, 1] : this.bounds(from, to);
    const room = Math.max(high - low, Math.abs(high) * 0.02, 1) * 0.06;
    this.floor = low === 0 ? 0 : low - room;
    this.ceiling = high + room;
    const f = this.frame(this.base, axis);
    const { g } = f;
    g.clearRect(0, 0, f.right + RIGHT, f.bottom + AXIS);
    this.grid(f, axis, from, to);
    this.heading(f);
    if (this.empty()) {
      g.fillStyle = palette.get('muted');
      g.textAlign = 'center';
      g.font = `11px ${SANS}`;
      g.fillText(t('noData'), (f.left + f.right) / 2, (f.top + f.bottom) / 2 + 4);
      return;
    }
    g.save();
    g.beginPath();
    g.rect(f.left, f.top - 2, f.right - f.left, f.bottom - f.top + 4);
    g.clip();
    this.draw(f, from, to);
    g.restore();
  }

  private grid(f: Frame, axis: boolean, from: number, to: number): void {
    const { g } = f;
    g.strokeStyle = palette.get('grid');
    g.fillStyle = palette.get('muted');
    g.lineWidth = 1;
    g.font = `10px ${MONO}`;
    g.textBaseline = 'middle';
    g.textAlign = 'right';
    if (!this.empty()) {
      for (const value of ticks(this.floor, this.ceiling, Math.max(2, (f.bottom - f.top) / 30))) {
        const y = Math.round(f.y(value)) + 0.5;
        if (y < f.top - 1 || y > f.bottom + 1) continue;
        g.beginPath();
        g.moveTo(f.left, y);
        g.lineTo(f.right, y);
        g.stroke();
        g.fillText(this.axisText(value), f.left - 6, y);
      }
    }
    const times = ticks(from, to, Math.max(1, (f.right - f.left) / 85));
    const step = times.length > 1 ? times[1] - times[0] : to - from;
    g.textAlign = 'center';
    for (const ns of times) {
      const x = Math.round(f.x(ns)) + 0.5;
      g.beginPath();
      g.moveTo(x, f.top);
      g.lineTo(x, f.bottom);
      g.stroke();
      if (axis && x < f.right - 12) g.fillText(axisTime(ns, step), x, f.bottom + 10);
    }
    g.strokeStyle = palette.get('edge');
    g.beginPath();
    g.moveTo(f.left + 0.5, f.top);
    g.lineTo(f.left + 0.5, f.bottom + 0.5);
    g.lineTo(f.right, f.bottom + 0.5);
    g.stroke();
    g.textBaseline = 'alphabetic';
  }

  protected axisText(value: number): string { return axisNumber(value); }

  private heading(f: Frame): void {
    const { g } = f;
    g.textAlign = 'left';
    g.font = `600 11px ${SANS}`;
    g.fillStyle = palette.get('ink');
    g.fillText(t(this.title), f.left + 1, 13);
    let x = f.left + g.measureText(t(this.title)).width + 14;
    g.font = `10.5px ${SANS}`;
    for (const mark of this.marks()) {
      const width = g.measureText(t(mark.key)).width;
      if (x + 14 + width > f.right) break;
      g.strokeStyle = g.fillStyle = palette.get(mark.color);
      g.lineWidth = 2;
      g.beginPath();
      if (mark.dot) {
        g.arc(x + 5, 9.5, 2.5, 0, 7);
        g.fill();
      } else {
        g.setLineDash(mark.dashed ? [3, 2] : []);
        g.moveTo(x, 9.5);
        g.lineTo(x + 10, 9.5);
        g.stroke();
        g.setLineDash([]);
      }
      g.fillStyle = palette.get('muted');
      g.fillText(t(mark.key), x + 14, 13);
      x += 14 + width + 12;
    }
  }

  /** Cursor, selection, now-line. */
  paintOver(axis: boolean): void {
    const f = this.frame(this.over, axis);
    const { g } = f;
    const { app } = this.plots;
    g.clearRect(0, 0, f.right + RIGHT, f.bottom + AXIS);
    const line = (ns: number, color: string, width: number) => {
      const x = f.x(ns);
      if (x < f.left || x > f.right) return;
      g.strokeStyle = color;
      g.lineWidth = width;
      g.beginPath();
      g.moveTo(x, f.top);
      g.lineTo(x, f.bottom);
      g.stroke();
    };
    if (app.now !== null) line(app.now, palette.get('now'), 1.5);
    if (this.plots.cursor !== null) line(this.plots.cursor, palette.get('edge'), 1);
    for (const [number, color] of [[app.hovered, palette.get('hover-strong')], [app.selected, palette.get('accent')]] as const) {
      if (number === 0) continue;
      const i = number - 1;
      line(this.time(i), color, 1.2);
      const value = this.valueOf(i);
      const x = f.x(this.time(i));
      if (value === null || x < f.left || x > f.right) continue;
      g.fillStyle = color;
      g.strokeStyle = palette.get('ground');
      g.lineWidth = 1.5;
      g.beginPath();
      g.arc(x, f.y(value), 4, 0, 7);
      g.fill();
      g.stroke();
    }
  }

  // ---- Helpers of drawing ----

  /** [from, to) of a curve's points that can show, one more on each side. */
  protected inside(curve: Curve, from: number, to: number): [number, number] {
    const find = (ns: number) => {
      let a = 0, b = curve.value.length;
      while (a < b) {
        const middle = (a + b) >> 1;
        if (this.when(curve, middle) < ns) a = middle + 1;
        else b = middle;
      }
      return a;
    };
    return [Math.max(0, find(from) - 1), Math.min(curve.value.length, find(to) + 2)];
  }

  protected least(curve: Curve, from: number, to: number): [number, number] {
    const [a, b] = this.inside(curve, from, to);
    let low = Infinity, high = -Infinity;
    for (let k = a; k < b; k++) {
      low = Math.min(low, curve.value[k]);
      high = Math.max(high, curve.value[k]);
    }
    return [low, high];
  }

  /** A line of steps; per pixel column its least and greatest value when there are more points than pixels. */
  protected steps(f: Frame, curve: Curve, from: number, to: number, stepped = true): void {
    const [a, b] = this.inside(curve, from, to);
    const { g } = f;
    g.beginPath();
    if (b - a < 3 * (f.right - f.left)) {
      for (let k = a; k < b; k++) {
        const x = f.x(this.when(curve, k)), y = f.y(curve.value[k]);
        if (stepped && k > a) g.lineTo(x, f.y(curve.value[k - 1]));
        if (k === a) g.moveTo(x, y);
        else g.lineTo(x, y);
      }
      if (stepped && b > a) g.lineTo(Math.min(f.right, f.x(to)), f.y(curve.value[b - 1]));
    } else {
      this.columns(f, curve, a, b, (x, low, high, last, begin) => {
        if (begin) g.moveTo(x, f.y(low));
        g.lineTo(x, f.y(low));
        g.lineTo(x, f.y(high));
        g.lineTo(x, f.y(last));
      });
    }
    g.stroke();
  }

  protected columns(f: Frame, curve: Curve, a: number, b: number, see: (x: number, low: number, high: number, last: number, begin: boolean) => void): void {
    let column = -1e9, low = 0, high = 0, begin = true;
    for (let k = a; k < b; k++) {
      const x = Math.round(f.x(this.when(curve, k)));
      const value = curve.value[k];
      if (x !== column) {
        if (column > -1e9) {
          see(column, low, high, curve.value[k - 1], begin);
          begin = false;
        }
        column = x;
        low = high = value;
      } else {
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
    if (column > -1e9) see(column, low, high, curve.value[b - 1], begin);
  }

  protected dots(f: Frame, curve: Curve, from: number, to: number, radius: number): void {
    const [a, b] = this.inside(curve, from, to);
    const { g } = f;
    if (b - a > 3 * (f.right - f.left)) {
      this.columns(f, curve, a, b, (x, low, high) => g.fillRect(x, f.y(high) - 0.5, 1, Math.max(1, f.y(low) - f.y(high))));
      return;
    }
    for (let k = a; k < b; k++) {
      g.beginPath();
      g.arc(f.x(this.when(curve, k)), f.y(curve.value[k]), radius, 0, 7);
      g.fill();
    }
  }

  protected curve(use: (i: number) => number | null): Curve {
    const at: number[] = [];
    const value: number[] = [];
    for (let i = 0; i < this.c.n; i++) {
      const v = use(i);
      if (v !== null) {
        at.push(i);
        value.push(v);
      }
    }
    return { at: Uint32Array.from(at), value: Float64Array.from(value) };
  }
}

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

class SequencePlot extends Plot {
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

class FlightPlot extends Plot {
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

class RttPlot extends Plot {
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

class WindowPlot extends Plot {
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

export class Plots {
  private readonly box = byId('plots');
  private readonly plots: Plot[];
  cursor: number | null = null;
  private readonly draw = perFrame(() => this.paint());
  private readonly drawOver = perFrame(() => this.paintOver());

  constructor(readonly app: App) {
    this.plots = [new SequencePlot(this, 'sequence'), new FlightPlot(this, 'flight'), new RttPlot(this, 'rtt'), new WindowPlot(this, 'window')];
    for (const plot of this.plots) {
      plot.box.style.flexGrow = String(plot.share);
      this.box.append(plot.box);
      this.listen(plot);
    }
    new ResizeObserver(() => this.paint()).observe(this.box);
    app.on(['range', 'theme', 'language'], this.draw);
    app.on(['direction'], () => { this.prepare(); this.draw(); });
    app.on(['selection', 'hover', 'now'], this.drawOver);
    app.on(['language', 'direction', 'connection'], () => this.buttons());
    byId('range-all').addEventListener('click', () => app.setRange(...app.wholeRange()));
  }

  prepare(): void { for (const plot of this.plots) plot.prepare(); }

  private buttons(): void {
    const box = byId('direction');
    box.setAttribute('aria-label', t('from'));
    box.replaceChildren(...this.app.index.names.sides.map((name, side) => {
      const button = el('button', { 'aria-pressed': String(side === this.app.direction) }, `${pick(name)} ${side === 0 ? '\u2192' : '\u2190'}`);
      button.addEventListener('click', () => { this.app.direction = side; this.app.tell('direction'); });
      return button;
    }));
  }

  private paint(): void {
    if (!this.app.conversation) return;
    this.plots.forEach((plot, k) => {
      plot.paint(k === this.plots.length - 1);
      plot.box.setAttribute('aria-label', t(plot.title));
    });
    this.paintOver();
  }

  private paintOver(): void {
    this.plots.forEach((plot, k) => plot.paintOver(k === this.plots.length - 1));
    this.box.dataset.selected = String(this.app.selected);
    this.box.dataset.hovered = String(this.app.hovered);
  }

  private timeAt(plot: Plot, event: MouseEvent): number {
    const box = plot.over.getBoundingClientRect();
    const share = (event.clientX - box.left - LEFT) / (box.width - LEFT - RIGHT);
    return this.app.range[0] + share * (this.app.range[1] - this.app.range[0]);
  }

  /** The segment that is nearest in time, and in height when there are several. */
  private nearest(plot: Plot, event: MouseEvent): number {
    const c = this.app.conversation;
    const ns = this.timeAt(plot, event);
    const box = plot.over.getBoundingClientRect();
    const f = plot.frame(plot.over, plot === this.plots[this.plots.length - 1]);
    const y = event.clientY - box.top;
    const reach = ((this.app.range[1] - this.app.range[0]) / (f.right - f.left)) * 12;
    let a = 0, b = c.n;
    while (a < b) {
      const middle = (a + b) >> 1;
      if (c.time[middle] < ns - reach) a = middle + 1;
      else b = middle;
    }
    let best = Infinity, found = 0;
    for (let i = a; i < c.n && c.time[i] <= ns + reach && i < a + 5000; i++) {
      const value = plot.valueOf(i);
      if (value === null) continue;
      const distance = Math.abs(f.x(c.time[i]) - f.x(ns)) + Math.abs(f.y(value) - y) * 0.5;
      if (distance < best) {
        best = distance;
        found = i + 1;
      }
    }
    return found;
  }

  private listen(plot: Plot): void {
    const { app } = this;
    let drag: { x: number; range: [number, number]; moved: boolean } | null = null;
    plot.over.addEventListener('wheel', (event) => {
      event.preventDefault();
      const at = this.timeAt(plot, event);
      const [from, to] = app.range;
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        const shift = ((to - from) * event.deltaX) / 600;
        app.setRange(from + shift, to + shift);
        return;
      }
      const factor = Math.exp(event.deltaY * 0.002);
      app.setRange(at - (at - from) * factor, at + (to - at) * factor);
    }, { passive: false });
    plot.over.addEventListener('pointerdown', (event) => {
      drag = { x: event.clientX, range: app.range, moved: false };
      plot.over.setPointerCapture(event.pointerId);
    });
    plot.over.addEventListener('pointermove', (event) => {
      if (drag && (drag.moved || Math.abs(event.clientX - drag.x) > 4)) {
        drag.moved = true;
        const shift = ((drag.x - event.clientX) / (plot.over.clientWidth - LEFT - RIGHT)) * (drag.range[1] - drag.range[0]);
        app.setRange(drag.range[0] + shift, drag.range[1] + shift);
      } else if (!drag) {
        this.cursor = this.timeAt(plot, event);
        app.hover(this.nearest(plot, event));
        this.drawOver();
      }
    });
    plot.over.addEventListener('pointerup', (event) => {
      if (drag && !drag.moved) app.select(this.nearest(plot, event));
      drag = null;
    });
    plot.over.addEventListener('dblclick', () => app.setRange(...app.wholeRange()));
    plot.over.addEventListener('pointerleave', () => { this.cursor = null; app.hover(0); this.drawOver(); });
  }
}
