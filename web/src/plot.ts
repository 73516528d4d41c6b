// plot.ts - one plot: axes, legend, cursor, and how curves are drawn. Lines with many points are drawn as the least
// and greatest per pixel column.
import { App, el, fitCanvas, MONO, palette, SANS } from './app';
import { Conversation } from './data';
import { axisNumber, axisTime, ticks } from './format';
import { t, Key } from './texts';

export const LEFT = 50;
export const RIGHT = 10;
const TITLE = 20;
const AXIS = 18;

/** What all plots share. */
export interface PlotHost { readonly app: App; cursor: number | null }

/** Points of one curve: indexes of segments, and values; times when they are others than the segments'. */
export interface Curve { at: Uint32Array; value: Float64Array; time?: Float64Array }

export interface Frame {
  g: CanvasRenderingContext2D;
  x: (ns: number) => number;
  y: (value: number) => number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export interface Mark { color: string; key: Key; dashed?: boolean; dot?: boolean }

export abstract class Plot {
  readonly box: HTMLElement;
  readonly base = document.createElement('canvas');
  readonly over = document.createElement('canvas');
  protected ceiling = 1;
  protected floor = 0;
  abstract readonly title: Key;
  share = 1;

  constructor(protected readonly plots: PlotHost, readonly name: string) {
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
