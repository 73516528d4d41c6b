// strip.ts - at the foot of the page: the states of both sides over time, where the findings are, and the
// player. The player goes at the ladder's pace and not at the clock's: a minute of silence is one step.
import { App, byId, fitCanvas, palette, perFrame, SANS } from './app';
import { seconds } from './format';
import { stateColor } from './paint';
import { pick, t } from './texts';
import type { Ladder } from './ladder';

const LANE = 15;
const SPEED = 90; // pixels of the ladder per second
const STEPS = 1000;

export class Strip {
  private readonly canvas = byId<HTMLCanvasElement>('strip');
  private readonly slider = byId<HTMLInputElement>('slider');
  private readonly button = byId<HTMLButtonElement>('play');
  private readonly draw = perFrame(() => this.paint());
  private playing = false;
  private share = 1;

  constructor(private readonly app: App, private readonly ladder: Ladder) {
    new ResizeObserver(() => this.paint()).observe(this.canvas.parentElement!);
    app.on(['connection', 'selection', 'now', 'range', 'theme', 'language', 'finding'], this.draw);
    app.on(['connection'], () => this.stop());
    app.on(['language', 'now'], () => this.texts());
    this.button.addEventListener('click', () => this.toggle());
    this.slider.addEventListener('input', () => {
      this.playing = false;
      this.share = Number(this.slider.value) / STEPS;
      this.show();
    });
    this.canvas.addEventListener('pointerdown', (event) => this.jump(event));
    this.canvas.addEventListener('pointermove', (event) => { if (event.buttons & 1) this.jump(event); });
  }

  private stop(): void {
    this.playing = false;
    this.share = 1;
    this.slider.value = String(STEPS);
    this.texts();
  }

  /** From here on everything is shown. */
  off(): void {
    this.stop();
    this.app.setNow(null);
  }

  toggle(): void {
    this.playing = !this.playing;
    if (this.playing) {
      if (this.share >= 1) this.share = 0;
      let before = performance.now();
      const step = (at: number) => {
        if (!this.playing) return;
        this.share += ((at - before) / 1000) * (SPEED / Math.max(1, this.ladder.playLength));
        before = at;
        if (this.share >= 1) {
          this.share = 1;
          this.playing = false;
        }
        this.show();
        if (this.playing) requestAnimationFrame(step);
      };
      requestAnimationFrame(step);
    }
    this.texts();
  }

  private show(): void {
    this.slider.value = String(Math.round(this.share * STEPS));
    this.app.setNow(this.share >= 1 ? null : this.ladder.timeAtStep(this.share));
  }

  private jump(event: PointerEvent): void {
    const box = this.canvas.getBoundingClientRect();
    const [from, to] = this.app.wholeRange();
    const ns = from + ((event.clientX - box.left) / box.width) * (to - from);
    this.playing = false;
    this.share = this.ladder.stepOfTime(ns);
    this.show();
  }

  private texts(): void {
    this.button.textContent = this.playing ? '\u275a\u275a' : '\u25b6';
    this.button.title = this.playing ? t('pause') : t('play');
    this.button.setAttribute('aria-label', this.button.title);
    this.slider.setAttribute('aria-label', t('slider'));
    this.canvas.setAttribute('aria-label', t('stripLabel'));
    const ns = this.app.now ?? this.app.conversation.end;
    this.slider.setAttribute('aria-valuetext', seconds(ns) + ' s');
    byId('clock').textContent = `${seconds(ns)} s`;
  }

  private paint(): void {
    const c = this.app.conversation;
    if (!c) return;
    const width = this.canvas.parentElement!.clientWidth;
    const height = 2 * LANE + 9;
    const g = fitCanvas(this.canvas, width, height);
    const [from, to] = this.app.wholeRange();
    const x = (ns: number) => ((ns - from) / (to - from)) * width;
    g.clearRect(0, 0, width, height);
    for (const side of [0, 1]) this.lane(g, side, side * (LANE + 1), width, x);
    for (const finding of c.detail.findings) {
      g.fillStyle = palette.get(['f-info', 'f-warn', 'f-error'][finding.severity]);
      g.fillRect(x(finding.start) - 0.5, 2 * LANE + 3, Math.max(3, x(finding.end) - x(finding.start)), 4);
    }
    const [a, b] = this.app.range;
    if (a > from || b < to) {
      g.strokeStyle = palette.get('accent');
      g.lineWidth = 1;
      g.strokeRect(x(a) + 0.5, 0.5, Math.max(2, x(b) - x(a) - 1), 2 * LANE);
    }
    const line = (ns: number, color: string) => {
      g.fillStyle = color;
      g.fillRect(x(ns) - 0.75, 0, 1.5, height);
    };
    if (this.app.selected > 0) line(c.time[this.app.selected - 1], palette.get('accent'));
    if (this.app.now !== null) line(this.app.now, palette.get('now'));
  }

  private lane(g: CanvasRenderingContext2D, side: number, top: number, width: number, x: (ns: number) => number): void {
    const { detail } = this.app.conversation;
    const names = this.app.index.names;
    const spans = [{ ns: 0, state: detail.sides[side].initial }];
    for (const [ns, , of, , to] of detail.changes) if (of === side) spans.push({ ns, state: to });
    g.font = `10px ${SANS}`;
    g.textBaseline = 'middle';
    g.textAlign = 'left';
    spans.forEach((span, k) => {
      const a = x(span.ns), b = k + 1 < spans.length ? x(spans[k + 1].ns) : width;
      g.fillStyle = stateColor(span.state);
      g.fillRect(a, top, Math.max(0.5, b - a - 1), LANE);
      const name = names.states[span.state]?.[0] ?? '?';
      const first = k === spans.length - 1 || b - a > 90 ? `${pick(names.sides[side])}: ${name}` : name;
      const text = g.measureText(first).width < b - a - 8 && b - a > 160 ? first : name;
      if (g.measureText(text).width > b - a - 8) return;
      g.fillStyle = palette.get('s-ink');
      g.fillText(text, a + 5, top + LANE / 2 + 0.5);
    });
    g.textBaseline = 'alphabetic';
  }
}
