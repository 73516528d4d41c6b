// lists.ts - the connections and the findings. Only the connections in view are elements: there may be
// a hundred thousand.
import { App, byId, el } from './app';
import { Summary } from './data';
import { bytes, duration, grouped } from './format';
import { lang, pick, t } from './texts';

const ROW = 62;

export class Connections {
  private readonly box = byId('connections');
  private readonly filter = byId<HTMLInputElement>('connection-filter');
  private readonly tall = el('div', { class: 'tall' });
  private shown: Summary[] = [];

  constructor(private readonly app: App, private readonly open: (number: number) => void) {
    const many = app.index.connections.length;
    byId('connections-pane').hidden = many < 2;
    this.filter.hidden = many < 8;
    this.box.append(this.tall);
    this.box.style.setProperty('--rows', String(Math.min(many, 4)));
    this.box.addEventListener('scroll', () => this.render());
    new ResizeObserver(() => this.render()).observe(this.box);
    this.filter.addEventListener('input', () => this.choose());
    this.box.addEventListener('keydown', (event) => {
      const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
      if (step === 0) return;
      event.preventDefault();
      event.stopPropagation();
      this.step(step);
    });
    app.on(['connection', 'language'], () => this.choose());
  }

  step(by: number): void {
    const at = this.shown.findIndex((s) => s.number === this.app.conversation.summary.number);
    const next = this.shown[Math.max(0, Math.min(this.shown.length - 1, at + by))];
    if (next && next.number !== this.app.conversation.summary.number) {
      this.open(next.number);
      const y = this.shown.indexOf(next) * ROW;
      if (y < this.box.scrollTop || y + ROW > this.box.scrollTop + this.box.clientHeight) this.box.scrollTop = y - ROW;
    }
  }

  private choose(): void {
    const word = this.filter.value.trim().toLowerCase();
    const text = (s: Summary) => `${s.client} ${s.server} ${s.end} ${pick(s.ended)}`.toLowerCase();
    this.shown = this.app.index.connections.filter((s) => word === '' || text(s).includes(word));
    byId('connection-count').textContent = grouped(this.shown.length);
    this.tall.style.height = this.shown.length * ROW + 'px';
    this.render();
  }

  private render(): void {
    if (!this.app.conversation) return;
    const from = Math.max(0, Math.floor(this.box.scrollTop / ROW) - 2);
    const to = Math.min(this.shown.length, from + Math.ceil(this.box.clientHeight / ROW) + 5);
    const rows: HTMLElement[] = [];
    for (let k = from; k < to; k++) rows.push(this.row(this.shown[k], k));
    this.tall.replaceChildren(...rows);
  }

  private row(s: Summary, k: number): HTMLElement {
    const current = s.number === this.app.conversation.summary.number;
    const worst = s.findings[2] > 0 ? 'error' : s.findings[1] > 0 ? 'warn' : s.findings[0] > 0 ? 'info' : 'none';
    const count = s.findings[2] || s.findings[1] || s.findings[0];
    const facts = [`${grouped(s.segments)} ${t('segmentsCount')}`, bytes(s.bytes[0] + s.bytes[1])];
    if (s.again > 0) facts.push(`${s.again} ${t('again')}`);
    const row = el('div', { class: 'connection', role: 'option', 'aria-selected': String(current), 'data-number': String(s.number) },
      el('b', {}, String(s.number)),
      el('span', { class: 'who' }, s.client),
      el('span', { class: 'who' }, '\u2192 ' + s.server),
      el('span', { class: 'what' }, facts.join(' \u00b7 ')),
      el('span', { class: `badge ${worst}`, title: pick(s.ended) }, worst === 'none' ? s.end : String(count)));
    row.style.top = k * ROW + 'px';
    row.title = `${s.client} \u2192 ${s.server}\n${pick(s.ended)}, ${duration(s.duration)}`;
    row.addEventListener('click', () => this.open(s.number));
    return row;
  }
}

export class Findings {
  private readonly box = byId('findings');

  constructor(private readonly app: App) {
    app.on(['connection', 'language'], () => this.summarise());
    app.on(['connection', 'language', 'finding'], () => this.show());
  }

  /** The verdict, and a bar of where the time went. */
  private summarise(): void {
    const { verdict, parts } = this.app.conversation.detail;
    const total = parts.reduce((sum, part) => sum + part, 0);
    const bar = el('div', { class: 'spent', role: 'img', 'aria-label': t('timeSpent') });
    const legend = el('ul', { class: 'spent-legend' });
    parts.forEach((part, k) => {
      if (part === 0) return;
      const name = pick(this.app.index.names.parts[k]);
      const percent = (100 * part) / total;
      const share = percent < 0.05 ? '<0.1' : percent.toFixed(percent < 1 ? 1 : 0);
      const piece = el('i', { class: 'part' + k, title: `${name}: ${duration(part)} (${share}\u2009%)` });
      piece.style.flexGrow = String(part / total);
      bar.append(piece);
      legend.append(el('li', {}, el('i', { class: 'part' + k }), el('span', {}, name), el('b', {}, duration(part)), el('em', {}, `${share}\u2009%`)));
    });
    const { story } = this.app.index;
    byId('story-pane').hidden = story.length === 0;
    byId('story').replaceChildren(...story.map((text) => el('p', {}, pick(text))));
    byId('verdict').replaceChildren(el('p', { class: 'verdict' }, pick(verdict)), ...(total > 0 ? [el('h2', {}, t('timeSpent')), bar, legend] : []));
  }

  private show(): void {
    const list = this.app.conversation.detail.findings;
    byId('finding-count').textContent = list.length > 0 ? String(list.length) : '';
    if (list.length === 0) {
      this.box.replaceChildren(el('p', { class: 'empty' }, t('noFindings')));
      return;
    }
    this.box.replaceChildren(...list.map((f, k) => {
      const severity = (['info', 'warn', 'error'] as const)[f.severity];
      const facts: string[] = [];
      if (f.segments.length > 0) facts.push('#' + f.segments.slice(0, 3).join(', #') + (f.total > 3 ? '\u2026' : ''));
      if (f.cost > 0) facts.push(`${t('costs')} ${duration(f.cost)}`);
      if (f.confidence > 0 && f.confidence < 100) facts.push(`${f.confidence}\u2009% ${t('sure')}`);
      const item = el('button', { class: `finding ${severity}${k === this.app.finding ? ' current' : ''}`, 'data-id': f.id },
        el('span', { class: 'id' }, el('i', { class: 'dot', title: t(severity) }), f.id.replace(/_/g, ' ')),
        el('span', { class: 'text', lang: lang() }, pick(f.text)),
        ...(f.advice ? [el('span', { class: 'advice', title: t('advice') }, pick(f.advice))] : []),
        el('span', { class: 'facts' }, facts.join(' \u00b7 ')));
      item.addEventListener('click', () => this.jump(k));
      return item;
    }));
    this.box.querySelector('.current')?.scrollIntoView({ block: 'nearest' });
  }

  jump(k: number): void {
    const f = this.app.conversation.detail.findings[k];
    if (!f) return;
    this.app.finding = k;
    this.app.tell('finding');
    if (f.segments.length > 0) this.app.select(f.segments[0]);
    const [from, to] = this.app.wholeRange();
    if (f.end > f.start && f.end - f.start < (to - from) / 4) {
      const room = Math.max((f.end - f.start) * 1.5, (to - from) / 200);
      this.app.setRange(f.start - room, f.end + room);
    }
  }

  step(by: number): void {
    const count = this.app.conversation.detail.findings.length;
    if (count > 0) this.jump((this.app.finding + by + count + (this.app.finding < 0 && by < 0 ? 1 : 0)) % count);
  }
}
