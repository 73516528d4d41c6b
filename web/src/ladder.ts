// ladder.ts - moving about in the ladder: zoom, scrolling, the pointer, what is said aloud. ladder_view.ts draws.
import { App, byId } from './app';
import { crowd, between, makeLayout, Mode, timeOfY, yOfTime } from './layout';
import { BAR, LadderView, MAP } from './ladder_view';
import { lang, t } from './texts';

const CROWD = 30; // more on its way at once is drawn step by step
const FIT_LEAST = 0.72;

export class Ladder extends LadderView {
  private readonly box = byId('ladder-box');
  private readonly tip = byId('tip');
  private asItCame = true; // not zoomed by hand

  constructor(app: App) {
    super(app);
    new ResizeObserver(() => {
      this.measure();
      if (this.layout && this.asItCame && this.layout.height < this.height * 2) this.fit();
      this.paint(); // at once: this runs just before the browser paints
    }).observe(this.box);
    app.on(['selection'], () => { this.reveal(app.selected); this.draw(); this.speak(); });
    app.on(['hover', 'theme', 'language', 'finding'], this.draw);
    app.on(['language'], () => this.speak());
    app.on(['now'], () => { this.follow(); this.draw(); });
    this.listen();
  }

  open(): void {
    const c = this.app.conversation;
    this.mode = crowd(c) > CROWD ? 'steps' : 'time';
    this.top = 0;
    this.asItCame = true;
    this.fit();
  }

  /** At zoom 1, or a little smaller when all of it fits then. */
  private fit(): void {
    this.zoom = 1;
    this.relayout();
    const share = this.height / this.layout.height;
    if (share < 1 && share > FIT_LEAST) {
      // heights are not quite in proportion to the zoom
      for (let tries = 0; tries < 4 && this.layout.height > this.height; tries++) {
        this.zoom *= (this.height / this.layout.height) * 0.99;
        this.relayout();
      }
    }
    this.reveal(this.app.selected);
  }

  private relayout(): void {
    this.layout = makeLayout(this.c, this.mode, this.zoom);
    this.findSpans();
    this.findMarks();
    this.measure();
    this.draw();
  }

  private measure(): void {
    this.width = this.box.clientWidth;
    this.height = this.box.clientHeight;
    this.clamp();
  }

  private clamp(): void {
    if (!this.layout) return;
    this.top = Math.max(0, Math.min(this.top, this.layout.height - this.height));
  }

  setMode(mode: Mode): void {
    const time = timeOfY(this.layout, this.top + this.height / 2);
    const number = this.app.selected;
    this.mode = mode;
    this.asItCame = true;
    this.fit();
    if (number > 0) this.centre(this.layout.departure[number - 1]);
    else if (this.top > 0) this.centre(yOfTime(this.layout, time));
  }

  /** Zooms so that what is at `y` of the window stays there. */
  zoomBy(factor: number, y = this.height / 2): void {
    const least = Math.min(1, (this.height * 0.9) / (this.layout.height / this.zoom));
    const zoom = Math.max(least, Math.min(40, this.zoom * factor));
    if (zoom === this.zoom) return;
    const number = this.nearestDeparture(this.top + y);
    const before = this.layout.departure[number] - this.top;
    const atTop = this.top === 0 && y < this.height / 2 + 1;
    this.zoom = zoom;
    this.asItCame = false;
    this.relayout();
    this.top = atTop ? 0 : this.layout.departure[number] - before;
    this.clamp();
    this.draw();
  }

  zoomReset(): void {
    this.asItCame = true;
    this.fit();
  }

  get zoomed(): number { return this.zoom; }
  get scrolled(): number { return this.top; }

  scrollBy(pixels: number): void {
    this.top += pixels;
    this.clamp();
    this.draw();
  }

  private centre(y: number): void {
    this.top = y - this.height / 2;
    this.clamp();
    this.draw();
  }

  /** Scrolls as little as needed to show a segment. */
  reveal(number: number): void {
    if (number === 0) return;
    const a = this.layout.departure[number - 1], b = this.layout.arrival[number - 1];
    const margin = Math.min(70, this.height / 5);
    const low = Math.max(a, Math.min(b, a + this.height / 2));
    if (a - margin < this.top) this.top = a - Math.max(margin, a < this.top - this.height ? this.height / 3 : 0);
    else if (low + margin > this.top + this.height) {
      this.top = low > this.top + 2 * this.height ? a - this.height / 3 : low + margin - this.height;
    }
    this.clamp();
  }

  private follow(): void {
    if (this.app.now === null) return;
    const y = yOfTime(this.layout, this.app.now);
    if (y < this.top + 30 || y > this.top + this.height * 0.7) {
      this.top = y - this.height * 0.7;
      this.clamp();
    }
  }

  private nearestDeparture(y: number): number {
    const [from, to] = between(this.layout, y - 400, y + 400);
    let best = Math.min(from, this.c.n - 1);
    for (let i = from; i < to; i++) {
      if (Math.abs(this.layout.departure[i] - y) < Math.abs(this.layout.departure[best] - y)) best = i;
    }
    return Math.max(0, best);
  }

  private speak(): void {
    const number = this.app.selected;
    byId('spoken').textContent = number > 0 ? this.describe(number - 1) : '';
    this.canvas.setAttribute('aria-label', t('ladderLabel'));
  }

  // ---- Pointer ----

  /** The segment whose arrow is nearest, within a few pixels; 0: none. */
  private hit(x: number, y: number): number {
    let best = 9;
    let found = 0;
    if (x < this.left - BAR || x > this.right + BAR) best = 7;
    for (const i of this.visible()) {
      const { x1, y1, x2, y2 } = this.line(i);
      const share = Math.max(0, Math.min(1, (x - x1) / (x2 - x1)));
      // labels stand above their arrow
      const away = y1 + (y2 - y1) * share - y;
      const distance = away > 0 ? away * 0.55 : -away;
      if (distance < best) {
        best = distance;
        found = i + 1;
      }
    }
    return found;
  }

  private listen(): void {
    const canvas = this.canvas;
    let drag: { y: number; top: number; moved: boolean; map: boolean } | null = null;
    const at = (event: MouseEvent) => {
      const box = canvas.getBoundingClientRect();
      return { x: event.clientX - box.left, y: event.clientY - box.top };
    };
    const jump = (y: number) => {
      this.top = (y / this.height) * this.layout.height - this.height / 2;
      this.clamp();
      this.draw();
    };
    canvas.addEventListener('wheel', (event) => {
      event.preventDefault();
      const lines = event.deltaMode === 1 ? 18 : event.deltaMode === 2 ? this.height : 1;
      if (event.ctrlKey || event.metaKey || event.altKey) {
        this.zoomBy(Math.exp(-event.deltaY * lines * (event.ctrlKey && Math.abs(event.deltaY) < 30 ? 0.01 : 0.002)), at(event).y);
      } else {
        this.scrollBy(event.deltaY * lines);
      }
    }, { passive: false });
    canvas.addEventListener('pointerdown', (event) => {
      const p = at(event);
      drag = { y: p.y, top: this.top, moved: false, map: p.x > this.width - MAP };
      canvas.setPointerCapture(event.pointerId);
      if (drag.map) jump(p.y);
    });
    canvas.addEventListener('pointermove', (event) => {
      const p = at(event);
      if (drag?.map) {
        jump(p.y);
      } else if (drag && (drag.moved || Math.abs(p.y - drag.y) > 4)) {
        drag.moved = true;
        this.top = drag.top - (p.y - drag.y);
        this.clamp();
        this.draw();
      } else if (!drag) {
        this.app.hover(p.x > this.width - MAP ? 0 : this.hit(p.x, p.y));
        this.showTip(p.x, p.y);
      }
    });
    canvas.addEventListener('pointerup', (event) => {
      const p = at(event);
      if (drag && !drag.moved && !drag.map) this.app.select(this.hit(p.x, p.y));
      drag = null;
    });
    canvas.addEventListener('pointerleave', () => { this.app.hover(0); this.tip.hidden = true; });
  }

  private showTip(x: number, y: number): void {
    const number = this.app.hovered;
    this.tip.hidden = number === 0;
    this.canvas.style.cursor = number === 0 ? 'default' : 'pointer';
    if (number === 0) return;
    const label = document.createElement('b');
    label.textContent = this.c.label(number - 1);
    const sentence = document.createElement('span');
    sentence.textContent = this.c.sentence(number - 1, lang());
    this.tip.replaceChildren(label, sentence);
    const w = this.tip.offsetWidth, h = this.tip.offsetHeight;
    this.tip.style.left = Math.max(4, Math.min(x + 14, this.width - w - MAP - 4)) + 'px';
    this.tip.style.top = (y + 22 + h > this.height ? y - h - 12 : y + 22) + 'px';
  }

  timeAtStep(share: number): number {
    const times = this.layout.eventTime;
    return times.length === 0 ? 0 : timeOfY(this.layout, this.firstY() + share * (this.lastY() - this.firstY()));
  }

  stepOfTime(ns: number): number {
    const span = this.lastY() - this.firstY();
    return span > 0 ? (yOfTime(this.layout, ns) - this.firstY()) / span : 1;
  }

  get playLength(): number { return this.lastY() - this.firstY(); }
  private firstY(): number { return this.layout.eventY[0] ?? 0; }
  private lastY(): number { return this.layout.eventY[this.layout.eventY.length - 1] ?? 0; }
}
