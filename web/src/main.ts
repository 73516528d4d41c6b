// main.ts - puts the panes together: keys, address, language, theme, and opening a connection.
import { App, byId, el, palette } from './app';
import { readConversation, readIndex } from './data';
import { bytes, duration, grouped } from './format';
import { showHelp } from './help';
import { Inspector } from './inspector';
import { Ladder } from './ladder';
import { Connections, Findings } from './lists';
import { Plots } from './plots';
import { preparePrint } from './print';
import { Strip } from './strip';
import { isKey, lang, pick, setLang, t } from './texts';

const THEMES = ['auto', 'light', 'dark'] as const;

class Page {
  private readonly app: App;
  private readonly ladder: Ladder;
  private readonly plots: Plots;
  private readonly strip: Strip;
  private readonly connections: Connections;
  private readonly findings: Findings;
  private opening = 0;

  constructor() {
    const index = readIndex();
    this.app = new App(index);
    setLang(new URLSearchParams(location.hash.slice(1)).get('lang') === 'zh' ? 'zh' : index.language);
    this.ladder = new Ladder(this.app);
    new Inspector(this.app);
    this.plots = new Plots(this.app);
    this.findings = new Findings(this.app);
    this.connections = new Connections(this.app, (number) => void this.open(number, 0));
    this.strip = new Strip(this.app, this.ladder);
    byId('title').textContent = index.title;
    document.title = index.title + ' \u2013 weir';
    this.app.on(['selection'], () => this.writeHash());
    this.app.on(['language', 'connection'], () => this.texts());
    this.buttons();
    this.splitters();
    document.addEventListener('keydown', (event) => this.key(event));
    window.addEventListener('hashchange', () => void this.readHash());
    window.addEventListener('beforeprint', () => preparePrint(this.app, this.ladder));
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.recolor());
  }

  async start(): Promise<void> {
    await this.readHash();
    document.body.dataset.ready = 'true';
  }

  private async open(number: number, segment: number): Promise<void> {
    const { index } = this.app;
    const summary = index.connections.find((s) => s.number === number) ?? index.connections[0];
    const turn = ++this.opening;
    const conversation = await readConversation(summary);
    if (turn !== this.opening) return; // another one was asked for meanwhile
    Object.assign(this.app, { conversation, selected: 0, hovered: 0, finding: -1, now: null, direction: conversation.major });
    this.app.range = this.app.wholeRange();
    this.ladder.open();
    this.plots.prepare();
    for (const change of ['connection', 'language', 'range'] as const) this.app.tell(change);
    this.app.select(segment);
    if (segment === 0) this.app.tell('selection');
    this.writeHash();
  }

  // ---- The address ----

  private async readHash(): Promise<void> {
    const hash = new URLSearchParams(location.hash.slice(1));
    const segment = Number(hash.get('seg')) || 0;
    const current = this.app.conversation?.summary.number;
    const number = Number(hash.get('conn')) || current || this.app.index.connections[0].number;
    const wanted = hash.get('lang');
    if ((wanted === 'zh' || wanted === 'en') && wanted !== lang() && current) this.language(wanted);
    if (number !== current) await this.open(number, segment);
    else this.app.select(segment);
  }

  private writeHash(): void {
    const parts: string[] = [];
    if (this.app.index.connections.length > 1) parts.push('conn=' + this.app.conversation.summary.number);
    if (this.app.selected > 0) parts.push('seg=' + this.app.selected);
    if (lang() !== this.app.index.language) parts.push('lang=' + lang());
    const hash = parts.length > 0 ? '#' + parts.join('&') : '';
    if (hash !== location.hash) history.replaceState(null, '', hash === '' ? location.pathname + location.search : hash);
  }

  // ---- Texts ----

  private language(wanted: 'en' | 'zh'): void {
    setLang(wanted);
    this.app.tell('language');
    this.writeHash();
  }

  private texts(): void {
    for (const node of document.querySelectorAll<HTMLElement>('[data-t], [data-title], [data-label], [data-placeholder]')) {
      const { t: text, title, label, placeholder } = node.dataset;
      if (text && isKey(text)) node.textContent = t(text);
      if (title && isKey(title)) node.title = t(title);
      if (title && isKey(title)) node.setAttribute('aria-label', t(title));
      if (label && isKey(label)) node.setAttribute('aria-label', t(label));
      if (placeholder && isKey(placeholder)) node.setAttribute('placeholder', t(placeholder));
    }
    byId('lang-en').setAttribute('aria-pressed', String(lang() === 'en'));
    byId('lang-zh').setAttribute('aria-pressed', String(lang() === 'zh'));
    this.modeText();
    this.facts();
    this.ends();
    const notes = this.app.conversation.detail.notes;
    byId('notes-pane').hidden = notes.length === 0;
    byId('notes-pane').replaceChildren(...notes.map((note) => el('p', {}, pick(note))));
  }

  private modeText(): void {
    byId('mode').textContent = this.ladder.mode === 'time' ? t('modeTime') : t('modeSteps');
    byId('mode').title = t('modeHint');
  }

  private facts(): void {
    const s = this.app.conversation.summary;
    const facts = [`${grouped(s.segments)} ${t('segmentsCount')}`, `\u2192 ${bytes(s.bytes[0])}`, `\u2190 ${bytes(s.bytes[1])}`, duration(s.duration)];
    if (this.app.conversation.detail.rtt > 0) facts.push(`${t('rtt')} ${duration(this.app.conversation.detail.rtt)}`);
    if (s.again > 0) facts.push(`${s.again} ${t('again')}`);
    if (s.lost > 0) facts.push(`${s.lost} ${t('lostCount')}`);
    byId('facts').replaceChildren(...facts.map((text) => el('span', { class: 'fact' }, text)),
      el('span', { class: 'fact ended ' + s.end }, pick(s.ended)));
  }

  private ends(): void {
    const { summary } = this.app.conversation;
    [summary.client, summary.server].forEach((end, side) => {
      byId('end-' + side).replaceChildren(el('b', {}, pick(this.app.index.names.sides[side])), el('span', {}, end));
    });
  }

  // ---- Buttons and keys ----

  private buttons(): void {
    byId('lang-en').addEventListener('click', () => this.language('en'));
    byId('lang-zh').addEventListener('click', () => this.language('zh'));
    byId('mode').addEventListener('click', () => this.mode());
    byId('zoom-in').addEventListener('click', () => this.ladder.zoomBy(1.35));
    byId('zoom-out').addEventListener('click', () => this.ladder.zoomBy(1 / 1.35));
    byId('theme').addEventListener('click', () => this.theme());
    byId('help-open').addEventListener('click', () => showHelp());
    this.themeIcon();
  }

  private mode(): void {
    this.ladder.setMode(this.ladder.mode === 'time' ? 'steps' : 'time');
    this.modeText();
  }

  private theme(): void {
    const root = document.documentElement;
    const next = THEMES[(THEMES.indexOf((root.dataset.theme ?? 'auto') as typeof THEMES[number]) + 1) % THEMES.length];
    if (next === 'auto') delete root.dataset.theme;
    else root.dataset.theme = next;
    this.themeIcon();
    this.recolor();
  }

  private themeIcon(): void {
    const theme = document.documentElement.dataset.theme ?? 'auto';
    byId('theme').textContent = theme === 'auto' ? '\u25d0' : theme === 'light' ? '\u2600' : '\u263e';
  }

  private recolor(): void {
    palette.forget();
    this.ladder.recolor();
    this.app.tell('theme');
  }

  private key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || byId<HTMLDialogElement>('help').open) return;
    if (target.tagName === 'INPUT' && (target as HTMLInputElement).type === 'search') return;
    if (target.id === 'slider' && event.key.startsWith('Arrow')) return;
    if (event.key === ' ' && target.tagName === 'BUTTON') return;
    const n = this.app.conversation.n;
    const go = (to: number) => this.app.select(Math.max(1, Math.min(n, to)));
    const at = this.app.selected;
    const keys: Record<string, () => void> = {
      ArrowDown: () => go(at + 1), j: () => go(at + 1), ArrowUp: () => go(at - 1), k: () => go(at - 1),
      ArrowRight: () => go(at + 1), ArrowLeft: () => go(at - 1),
      PageDown: () => go(at + 10), PageUp: () => go(at - 10), Home: () => go(1), End: () => go(n),
      n: () => this.findings.step(1), N: () => this.findings.step(-1), p: () => this.findings.step(-1),
      '+': () => this.ladder.zoomBy(1.35), '=': () => this.ladder.zoomBy(1.35), '-': () => this.ladder.zoomBy(1 / 1.35),
      '0': () => this.ladder.zoomReset(), ' ': () => this.strip.toggle(), m: () => this.mode(),
      d: () => { this.app.direction = 1 - this.app.direction; this.app.tell('direction'); },
      ']': () => this.connections.step(1), '[': () => this.connections.step(-1),
      l: () => this.language(lang() === 'en' ? 'zh' : 'en'), t: () => this.theme(), '?': () => showHelp(),
      Escape: () => { this.strip.off(); this.app.finding = -1; this.app.tell('finding'); this.app.select(0); },
    };
    const action = keys[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }

  // ---- Panes that can be drawn wider ----

  private splitters(): void {
    for (const bar of document.querySelectorAll<HTMLElement>('.splitter')) {
      const name = bar.dataset.resize!;
      bar.addEventListener('pointerdown', (event) => {
        bar.setPointerCapture(event.pointerId);
        const pane = name === 'inspector' ? byId('inspector') : document.querySelector<HTMLElement>('.' + name)!;
        const size = name === 'inspector' ? pane.offsetHeight : pane.offsetWidth;
        const from = name === 'inspector' ? event.clientY : event.clientX;
        const move = (now: PointerEvent) => {
          const by = (name === 'inspector' ? now.clientY : now.clientX) - from;
          const wanted = name === 'right' ? size - by : size + by;
          document.documentElement.style.setProperty(`--${name}`, Math.max(140, wanted) + 'px');
        };
        bar.addEventListener('pointermove', move);
        bar.addEventListener('pointerup', () => bar.removeEventListener('pointermove', move), { once: true });
      });
    }
  }
}

new Page().start().catch((error: unknown) => {
  byId('inspector').textContent = t('broken') + String(error);
  throw error;
});
