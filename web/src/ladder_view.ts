// ladder_view.ts - the ladder's drawing: what is in the window, and nothing else, so that a frame costs the same for
// ten segments and for a million. ladder.ts moves the window.
import { App, byId, fitCanvas, MONO, palette, perFrame, SANS } from './app';
import { Conversation } from './data';
import { duration, seconds } from './format';
import { between, isInstant, Layout, Mode, yOfTime } from './layout';
import { arrowHead, cross, haloed, isProbe, kindColor, stateColor } from './paint';
import { lang, pick, t } from './texts';

const GUTTER = 98; // times and states on each side
export const BAR = 9; // width of a bar of states
export const MAP = 12; // the overview at the right edge
const CHAR = 6.65; // of the labels' font, per pixel of 11
const FONT = 11;
const LABEL_ROOM = 12; // labels of one side nearer than this hide each other
const TOP_STATE = 18; // where the states stand in which the connection begins
const ROW_LIMIT = 300; // list items for screen readers

interface StateSpan { y: number; state: number }

export class LadderView {
  readonly canvas = byId<HTMLCanvasElement>('ladder');
  private readonly rows = byId('rows');
  layout!: Layout;
  mode: Mode = 'time';
  protected zoom = 1;
  protected top = 0;
  protected width = 0;
  protected height = 0;
  private spans: [StateSpan[], StateSpan[]] = [[], []];
  private marks: { y: number; color: string }[] = [];
  private charWidth = CHAR;
  /** What the last frame drew; tests look at it. */
  drawn = { arrows: 0, labels: 0, visited: 0 };
  readonly draw = perFrame(() => this.paint());

  constructor(protected readonly app: App) {}

  protected get c(): Conversation { return this.app.conversation; }

  // ---- What does not change from frame to frame ----

  protected findSpans(): void {
    const { detail } = this.c;
    this.spans = [[{ y: 0, state: detail.sides[0].initial }], [{ y: 0, state: detail.sides[1].initial }]];
    for (const [, , side, , to, segment] of detail.changes) {
      if (segment === 0) continue;
      const sender = this.c.side[segment - 1] === side;
      this.spans[side].push({ y: (sender ? this.layout.departure : this.layout.arrival)[segment - 1], state: to });
    }
    for (const lone of this.layout.lone) this.spans[lone.side].push({ y: lone.y, state: lone.state });
    for (const spans of this.spans) spans.sort((a, b) => a.y - b.y);
  }

  protected findMarks(): void {
    const c = this.c;
    const byRow = new Map<number, string>();
    const scale = 2000 / this.layout.height;
    for (let i = 0; i < c.n; i++) {
      const row = Math.round(this.layout.departure[i] * scale);
      if (c.lost(i)) byRow.set(row, palette.get('k-rst'));
      else if (c.again(i) && !byRow.has(row)) byRow.set(row, palette.get('k-rtx'));
    }
    this.marks = [...byRow].map(([row, color]) => ({ y: row / scale, color }));
  }

  // ---- A frame ----

  protected get left(): number { return GUTTER; }
  protected get right(): number { return this.width - GUTTER - MAP; }

  protected paint(): void {
    if (!this.layout || this.width < 50) return;
    const g = fitCanvas(this.canvas, this.width, this.height);
    g.fillStyle = palette.get('ground');
    g.fillRect(0, 0, this.width, this.height);
    g.font = `${FONT}px ${MONO}`;
    this.charWidth = g.measureText('0').width;
    this.drawn = { arrows: 0, labels: 0, visited: 0 };
    const visible = this.visible();
    this.drawGaps(g);
    this.drawBars(g);
    this.drawNotes(g);
    this.drawArrows(g, visible);
    this.drawLabels(g, visible);
    this.drawGutters(g, visible);
    this.drawNow(g);
    this.drawMap(g);
    this.listRows(visible);
    this.canvas.dataset.arrows = String(this.drawn.arrows);
    this.canvas.dataset.labels = String(this.drawn.labels);
    this.canvas.dataset.visited = String(this.drawn.visited);
    this.canvas.dataset.zoom = this.zoom.toFixed(3);
    this.canvas.dataset.height = this.layout.height.toFixed(0);
  }

  /** Indexes to draw. Where many share a pixel, one of each kind does. */
  protected visible(): number[] {
    const [from, to] = between(this.layout, this.top - 20, this.top + this.height + 20);
    const out: number[] = [];
    if (to - from < 4 * this.height) {
      for (let i = from; i < to; i++) out.push(i);
      this.drawn.visited = to - from;
      return out;
    }
    const step = Math.max(1, Math.floor((to - from) / (40 * this.height)));
    const seen = new Set<number>();
    for (let i = from; i < to; i += step) {
      this.drawn.visited++;
      const kind = this.c.lost(i) ? 30 : this.c.kind[i];
      const key = (Math.round(this.layout.departure[i] - this.top) * 64 + kind) * 2 + this.c.side[i];
      if (!seen.has(key)) {
        seen.add(key);
        out.push(i);
      }
    }
    return out;
  }

  private drawGaps(g: CanvasRenderingContext2D): void {
    const gaps = this.layout.gaps;
    let from = 0;
    for (let step = gaps.length; step > 0; step >>= 1) while (from + step <= gaps.length && gaps[from + step - 1].to < this.top) from += step;
    const middle = (this.left + this.right) / 2;
    for (let k = from; k < gaps.length && gaps[k].from - this.top < this.height; k++) {
      const gap = gaps[k];
      const y = (gap.from + gap.to) / 2 - this.top;
      const h = gap.to - gap.from;
      if (h < 14) continue;
      g.fillStyle = palette.get('gap');
      g.fillRect(this.left, gap.from - this.top + h * 0.22, this.right - this.left, h * 0.56);
      const cause = gap.cause ? pick(this.app.index.names.causes[gap.cause]) : '';
      g.font = `${FONT}px ${SANS}`;
      g.textAlign = 'center';
      g.textBaseline = 'middle';
      g.fillStyle = palette.get('muted');
      g.fillText(duration(gap.ns) + (cause ? '   ' + cause : ''), middle, y + 0.5);
      for (const x of [this.left, this.right]) this.zigzag(g, x, y, h * 0.5);
    }
    g.textBaseline = 'alphabetic';
  }

  /** What the stacks decided, at the side that did. */
  private drawNotes(g: CanvasRenderingContext2D): void {
    g.font = `italic 10.5px ${SANS}`;
    g.textBaseline = 'alphabetic';
    for (const { y: at, note } of this.layout.notes) {
      const y = at - this.top;
      if (y < -20 || y > this.height + 20 || this.zoom < 0.6) continue;
      const [ns, side, , , text] = note;
      const x = side === 0 ? this.left : this.right;
      g.globalAlpha = this.app.now !== null && ns > this.app.now ? 0.25 : 1;
      g.fillStyle = palette.get('k-fin');
      g.beginPath();
      g.moveTo(x, y - 8.5);
      g.lineTo(x + 4.5, y - 4);
      g.lineTo(x, y + 0.5);
      g.lineTo(x - 4.5, y - 4);
      g.fill();
      g.fillStyle = palette.get('muted');
      g.textAlign = side === 0 ? 'left' : 'right';
      haloed(g, this.clipped(g, pick(text), this.right - this.left - 30), x + (side === 0 ? 12 : -12), y);
    }
    g.globalAlpha = 1;
  }

  private clipped(g: CanvasRenderingContext2D, text: string, width: number): string {
    if (g.measureText(text).width <= width) return text;
    let end = text.length;
    while (end > 1 && g.measureText(text.slice(0, end) + '\u2026').width > width) end--;
    return text.slice(0, end) + '\u2026';
  }

  private zigzag(g: CanvasRenderingContext2D, x: number, y: number, h: number): void {
    g.fillStyle = palette.get('ground');
    g.fillRect(x - BAR / 2 - 1, y - h / 2, BAR + 2, h);
    g.strokeStyle = palette.get('muted');
    g.lineWidth = 1;
    g.beginPath();
    const steps = 6;
    for (let k = 0; k <= steps; k++) g.lineTo(x + (k % 2 === 0 ? -2.5 : 2.5), y - h / 2 + (h * k) / steps);
    g.stroke();
  }

  private drawBars(g: CanvasRenderingContext2D): void {
    this.spans.forEach((spans, side) => {
      const x = (side === 0 ? this.left : this.right) - BAR / 2;
      spans.forEach((span, k) => {
        const a = Math.max(span.y - this.top, -5);
        const b = Math.min(k + 1 < spans.length ? spans[k + 1].y - this.top : this.height + 5, this.height + 5);
        if (b <= a) return;
        g.fillStyle = stateColor(span.state);
        g.fillRect(x, a, BAR, b - a);
      });
    });
    if (this.app.now !== null) { // what is to come
      const y = Math.max(-5, yOfTime(this.layout, this.app.now) - this.top);
      g.globalAlpha = 0.75;
      g.fillStyle = palette.get('ground');
      for (const x of [this.left, this.right]) g.fillRect(x - BAR / 2, y, BAR, this.height - y);
      g.globalAlpha = 1;
    }
    for (const gap of this.layout.gaps) {
      if (gap.to - this.top < 0 || gap.to - gap.from < 14) continue;
      if (gap.from - this.top > this.height) break;
      for (const x of [this.left, this.right]) this.zigzag(g, x, (gap.from + gap.to) / 2 - this.top, (gap.to - gap.from) * 0.5);
    }
  }

  /** Where an arrow begins and ends in the window. */
  protected line(i: number): { x1: number; y1: number; x2: number; y2: number } {
    const out = this.c.side[i] === 0;
    const a = this.left + BAR / 2, b = this.right - BAR / 2;
    return {
      x1: out ? a : b, y1: this.layout.departure[i] - this.top, x2: out ? b : a, y2: this.layout.arrival[i] - this.top,
    };
  }

  private ghost(i: number): boolean {
    return this.app.now !== null && this.c.sent[i] > this.app.now;
  }

  private related(): Set<number> {
    const out = new Set<number>();
    const number = this.app.selected;
    if (number > 0) {
      for (const other of [this.c.first[number - 1], this.c.repairedBy[number - 1]]) if (other > 0) out.add(other - 1);
    }
    const finding = this.c.detail.findings[this.app.finding];
    if (finding) for (const segment of finding.segments) out.add(segment - 1);
    return out;
  }

  private drawArrows(g: CanvasRenderingContext2D, visible: number[]): void {
    const dense = visible.length > this.height / 3;
    const related = this.related();
    for (const i of visible) {
      if (related.has(i)) this.drawGlow(g, i, palette.get('related'));
      if (i === this.app.hovered - 1) this.drawGlow(g, i, palette.get('hover'));
      if (i === this.app.selected - 1) this.drawGlow(g, i, palette.get('select'));
    }
    for (const i of visible) this.drawArrow(g, i, dense);
    g.globalAlpha = 1;
  }

  private drawGlow(g: CanvasRenderingContext2D, i: number, color: string): void {
    const { x1, y1, x2, y2 } = this.line(i);
    g.strokeStyle = color;
    g.lineWidth = 11;
    g.lineCap = 'round';
    g.beginPath();
    g.moveTo(x1, y1);
    g.lineTo(x2, y2);
    g.stroke();
    g.lineCap = 'butt';
  }

  private drawArrow(g: CanvasRenderingContext2D, i: number, dense: boolean): void {
    const { x1, y1, x2, y2 } = this.line(i);
    const lost = this.c.lost(i);
    const color = kindColor(this.c, i);
    const now = this.app.now;
    const whole = lost > 0 ? this.lostAt(i, Math.hypot(x2 - x1, y2 - y1)) : 1;
    let share = whole;
    this.drawn.arrows++;
    g.globalAlpha = this.ghost(i) ? 0.13 : 1;
    if (now !== null && !this.ghost(i) && this.layout.mode === 'time') {
      const at = yOfTime(this.layout, now) - this.top;
      if (at < y2) share = Math.min(share, Math.max(0.02, (at - y1) / (y2 - y1)));
    }
    const full = share >= whole;
    const ex = x1 + (x2 - x1) * share, ey = y1 + (y2 - y1) * share;
    g.strokeStyle = g.fillStyle = color;
    g.lineWidth = i === this.app.selected - 1 ? 2.2 : dense ? 1 : 1.5;
    if (lost > 0 && full) {
      g.globalAlpha *= 0.3;
      g.setLineDash([3, 4]);
      g.beginPath();
      g.moveTo(ex, ey);
      g.lineTo(x2, y2);
      g.stroke();
      g.setLineDash([]);
      g.globalAlpha = this.ghost(i) ? 0.13 : 1;
    }
    g.beginPath();
    g.moveTo(x1, y1);
    g.lineTo(ex, ey);
    g.stroke();
    if (lost > 0 && full) {
      g.strokeStyle = palette.get('k-rst');
      g.lineWidth = 2;
      cross(g, ex, ey, dense ? 2.5 : 4.5);
    }
    if (!dense && (lost === 0 || !full)) {
      arrowHead(g, ex, ey, Math.atan2(y2 - y1, x2 - x1), 8.5, isProbe(this.c.kind[i]), this.c.again(i));
    }
  }

  /** The share of its way that a lost segment goes: behind its label. */
  private lostAt(i: number, length: number): number {
    const columns = this.c.label(i).length + this.c.tags(i).length + 9;
    return Math.min(0.85, Math.max(0.6, (columns * this.charWidth + 24) / length));
  }

  private drawLabels(g: CanvasRenderingContext2D, visible: number[]): void {
    const last = [-Infinity, -Infinity];
    const crowded = this.drawn.visited > visible.length * 6; // most are not drawn: labels would say nothing
    g.textBaseline = 'alphabetic';
    for (let k = 0; k < visible.length; k++) {
      const i = visible[k];
      if (crowded && i !== this.app.selected - 1) continue;
      const { x1, y1, x2, y2 } = this.line(i);
      const side = this.c.side[i];
      if ((y1 - last[side] < LABEL_ROOM && i !== this.app.selected - 1) || y1 < -150 || y1 > this.height + 30) continue;
      const meets = y1 - last[1 - side] < FONT + 5; // the label of one that comes the other way is beside it
      last[side] = y1;
      this.drawn.labels++;
      this.drawLabel(g, i, x1, y1, x2, y2, meets || this.isMet(visible, k, y1));
    }
    g.globalAlpha = 1;
  }

  private isMet(visible: number[], k: number, y: number): boolean {
    for (let n = k + 1; n < Math.min(visible.length, k + 4); n++) {
      if (this.c.side[visible[n]] !== this.c.side[visible[k]]) return this.layout.departure[visible[n]] - this.top - y < FONT + 5;
    }
    return false;
  }

  private drawLabel(g: CanvasRenderingContext2D, i: number, x1: number, y1: number, x2: number, y2: number, half: boolean): void {
    const out = x2 > x1;
    const angle = Math.atan2(y2 - y1, Math.abs(x2 - x1)) * (out ? 1 : -1);
    const length = Math.hypot(x2 - x1, y2 - y1);
    const lost = this.c.lost(i);
    const tags = [this.c.tags(i), lost === 2 ? t('lostCount') : lost === 1 ? t('lostCount') + '?' : ''].filter(Boolean).join('  ');
    const columns = Math.floor(((half ? length / 2 : length) - 26) / this.charWidth);
    const tagColumns = tags === '' ? 0 : tags.length + 2;
    const label = this.c.label(i, Math.max(8, columns - tagColumns));
    const selected = i === this.app.selected - 1;
    g.save();
    g.translate(x1, y1);
    g.rotate(angle);
    g.globalAlpha = this.ghost(i) ? 0.2 : 1;
    g.textAlign = out ? 'left' : 'right';
    g.font = `${selected ? '600 ' : ''}${FONT}px ${MONO}`;
    g.fillStyle = palette.get('ink');
    haloed(g, label, out ? 12 : -12, -4);
    if (tags !== '') {
      const after = 12 + (label.length + 2) * this.charWidth;
      g.font = `600 ${FONT}px ${MONO}`;
      g.fillStyle = lost ? palette.get('k-rst') : kindColor(this.c, i);
      haloed(g, tags, out ? after : -after, -4);
    }
    g.restore();
  }

  private drawGutters(g: CanvasRenderingContext2D, visible: number[]): void {
    const taken: [number[], number[]] = [[], []];
    const written: [string, string] = ['', ''];
    const free = (side: number, y: number, room: number) => taken[side].every((other) => Math.abs(other - y) >= room);
    g.textBaseline = 'middle';
    this.spans.forEach((spans, side) => {
      g.font = `600 10.5px ${SANS}`;
      g.textAlign = side === 0 ? 'right' : 'left';
      let last = -Infinity;
      spans.forEach((span, k) => {
        let y = (k === 0 ? TOP_STATE : span.y) - this.top;
        if (y < -20 || y > this.height + 20) return;
        if (y - last < 12) {
          if (last + 12 - y > 14) return; // no room
          y = last + 12;
        }
        last = y;
        const name = this.app.index.names.states[span.state]?.[0] ?? '?';
        g.fillStyle = palette.get('ink');
        g.globalAlpha = this.app.now !== null && yOfTime(this.layout, this.app.now) < span.y ? 0.25 : 1;
        g.fillText(name, side === 0 ? this.left - 10 : this.right + 10, y);
        taken[side].push(y);
      });
    });
    g.globalAlpha = 1;
    g.font = `10px ${MONO}`;
    g.fillStyle = palette.get('muted');
    const { vantage } = this.c.detail;
    for (const i of visible) {
      const sides: [number, number, number, number][] = [
        [this.c.side[i], this.layout.departure[i], this.c.sent[i], this.c.sentKnown[i]],
        [1 - this.c.side[i], this.layout.arrival[i], this.c.arrived[i], this.c.arrivedKnown[i]],
      ];
      for (const [side, at, ns, known] of sides) {
        let y = at - this.top;
        if (!(isInstant(known) || (vantage === 0 && at === this.layout.departure[i])) || y < -10 || y > this.height + 10) continue;
        if (vantage !== 3 && known === 2 && this.width < 560) continue;
        if (!free(side, y, 12)) {
          y += 12;
          if (!free(side, y, 12) || !taken[side].some((other) => Math.abs(other - (y - 12)) < 3)) continue;
        }
        const text = seconds(ns, known === 2);
        if (text === written[side]) continue; // an answer at the very same instant
        written[side] = text;
        taken[side].push(y);
        g.globalAlpha = this.app.now !== null && ns > this.app.now ? 0.3 : 1;
        g.textAlign = side === 0 ? 'right' : 'left';
        g.fillText(text, side === 0 ? this.left - 10 : this.right + 10, y);
      }
      if (taken[0].length + taken[1].length > 400) break;
    }
    g.globalAlpha = 1;
    g.textBaseline = 'alphabetic';
  }

  private drawNow(g: CanvasRenderingContext2D): void {
    if (this.app.now === null) return;
    const y = yOfTime(this.layout, this.app.now) - this.top;
    g.strokeStyle = palette.get('now');
    g.lineWidth = 1.5;
    g.beginPath();
    g.moveTo(0, y);
    g.lineTo(this.width - MAP, y);
    g.stroke();
  }

  private drawMap(g: CanvasRenderingContext2D): void {
    const x = this.width - MAP;
    const scale = this.height / this.layout.height;
    if (this.layout.height <= this.height) return;
    g.fillStyle = palette.get('rail');
    g.fillRect(x, 0, MAP, this.height);
    g.fillStyle = palette.get('thumb');
    const h = Math.max(18, this.height * scale);
    g.beginPath();
    g.roundRect(x + 2, Math.min(this.top * scale, this.height - h), MAP - 4, h, 4);
    g.fill();
    for (const mark of this.marks) {
      g.fillStyle = mark.color;
      g.fillRect(x + 1, mark.y * scale - 0.75, MAP - 2, 1.5);
    }
    if (this.app.selected > 0) {
      g.fillStyle = palette.get('accent');
      g.fillRect(x - 3, this.layout.departure[this.app.selected - 1] * scale - 1.5, MAP + 3, 3);
    }
  }

  // ---- For those who do not see the canvas ----

  private listRows(visible: number[]): void {
    const numbers = visible.slice(0, ROW_LIMIT);
    const key = numbers.length === 0 ? '' : `${numbers[0]}-${numbers[numbers.length - 1]}-${numbers.length}-${lang()}-${this.app.selected}-${this.c.summary.number}`;
    if (this.rows.dataset.key === key) return;
    this.rows.dataset.key = key;
    this.rows.replaceChildren(...numbers.map((i) => {
      const item = document.createElement('li');
      item.id = 'row-' + (i + 1);
      item.setAttribute('role', 'option');
      item.setAttribute('aria-selected', String(i === this.app.selected - 1));
      item.setAttribute('aria-posinset', String(i + 1));
      item.setAttribute('aria-setsize', String(this.c.n));
      item.textContent = this.describe(i);
      return item;
    }));
  }

  describe(i: number): string {
    const sides = this.app.index.names.sides;
    const from = this.c.side[i];
    return `${this.c.label(i)}; ${pick(sides[from])} \u2192 ${pick(sides[1 - from])}, ${seconds(this.c.time[i])} s. ${this.c.sentence(i, lang())}`;
  }


  recolor(): void {
    this.findMarks();
    this.draw();
  }

  /** For the printer: as much as fits `height`, from `top` on, in `canvas`. */
  printInto(canvas: HTMLCanvasElement, width: number, top: number, height: number): void {
    const keep = { width: this.width, height: this.height, top: this.top };
    Object.assign(this, { width: width + MAP, height, top });
    const g = fitCanvas(canvas, width, height);
    g.fillStyle = palette.get('ground');
    g.fillRect(0, 0, width, height);
    const visible = this.visible();
    this.drawGaps(g);
    this.drawBars(g);
    this.drawNotes(g);
    this.drawArrows(g, visible);
    this.drawLabels(g, visible);
    this.drawGutters(g, visible);
    Object.assign(this, keep);
  }
}
