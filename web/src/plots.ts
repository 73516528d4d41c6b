// plots.ts - four plots over the same time. What was drawn stays on one canvas; the cursor, the selection and the
// now-line are on another above it, so that moving them costs nothing.
import { App, byId, el, perFrame } from './app';
import { LEFT, Plot, PlotHost, RIGHT } from './plot';
import { FlightPlot, RttPlot, SequencePlot, WindowPlot } from './plot_kinds';
import { pick, t } from './texts';

export class Plots implements PlotHost {
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
