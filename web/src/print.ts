// print.ts - on paper: the ladder in pieces that fit a page, then every segment's sentence and the findings.
import { App, byId, el, palette } from './app';
import { duration, seconds } from './format';
import { lang, pick, t } from './texts';
import type { Ladder } from './ladder';

const WIDTH = 680;
const PIECE = 880;
const PIECES_MAX = 40;
const ROWS_MAX = 2000;

export function preparePrint(app: App, ladder: Ladder): void {
  const c = app.conversation;
  const theme = document.documentElement.dataset.theme;
  document.documentElement.dataset.theme = 'light';
  palette.forget();
  const out: HTMLElement[] = [el('h1', {}, app.index.title),
    el('p', {}, `${c.summary.client} \u2192 ${c.summary.server}: ${c.n} ${t('segmentsCount')}, ${duration(c.summary.duration)}, ${pick(c.summary.ended)}`)];
  for (const note of c.detail.notes) out.push(el('p', { class: 'note' }, pick(note)));
  for (const f of c.detail.findings) out.push(el('p', { class: 'finding' }, `${f.id.replace(/_/g, ' ')}: ${pick(f.text)}`));
  const end = Math.min(ladder.layout.height, PIECE * PIECES_MAX);
  for (let top = 0; top < end; top += PIECE) {
    const canvas = document.createElement('canvas');
    ladder.printInto(canvas, WIDTH, top, Math.min(PIECE, end - top));
    out.push(canvas);
  }
  const shown = Math.min(c.n, ROWS_MAX);
  const table = el('table', {});
  for (let i = 0; i < shown; i++) {
    table.append(el('tr', {}, el('td', {}, seconds(c.time[i])), el('td', {}, c.side[i] === 0 ? '\u2192' : '\u2190'),
      el('td', {}, el('code', {}, c.label(i)), ' ', el('i', {}, c.tags(i))), el('td', {}, c.sentence(i, lang()))));
  }
  out.push(table);
  if (shown < c.n) out.push(el('p', {}, t('printed').replace('{0}', String(shown)).replace('{1}', String(c.n))));
  byId('print').replaceChildren(...out);
  if (theme === undefined) delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  palette.forget();
  ladder.draw();
}
