// help.ts - the keys, and what the colours and marks mean.
import { byId, el } from './app';
import { t, Key } from './texts';

const KEYS: [string, Key][] = [
  ['\u2193 \u2191', 'kNext'], ['PgDn PgUp', 'kPage'], ['Home End', 'kEnds'], ['n  N', 'kFinding'], ['+ \u2212', 'kZoom'], ['0', 'kFit'],
  ['space', 'kPlay'], ['m', 'kMode'], ['d', 'kPlotSide'], ['[ ]', 'kConn'], ['l', 'kLang'], ['t', 'kTheme'], ['Esc', 'kEsc'],
];
const MARKS: [string, Key, string][] = [
  ['k-syn', 'mSyn', '\u25b6'], ['k-data', 'mData', '\u25b6'], ['k-ack', 'mAck', '\u25b6'], ['k-fin', 'mFin', '\u25b6'], ['k-rst', 'mRst', '\u25b6'],
  ['k-rtx', 'mRtx', '\u25b6\u25b6'], ['k-win', 'mWin', '\u25b7'], ['k-rst', 'mLost', '\u2715'], ['k-rst', 'mMissed', '\u2715?'],
];

export function marksList(): HTMLElement {
  const marks = el('dl', { class: 'marks' });
  for (const [color, text, mark] of MARKS) {
    const sign = el('dt', {}, mark);
    sign.style.color = `var(--${color})`;
    marks.append(sign, el('dd', {}, t(text)));
  }
  return marks;
}

export function showHelp(): void {
  const dialog = byId<HTMLDialogElement>('help');
  const close = el('button', { class: 'tool' }, t('close'));
  close.addEventListener('click', () => dialog.close());
  const keys = el('dl', {});
  for (const [key, text] of KEYS) keys.append(el('dt', {}, el('kbd', {}, key)), el('dd', {}, t(text)));
  dialog.replaceChildren(el('h2', {}, t('helpTitle')),
    el('div', { class: 'help' }, el('div', {}, el('h3', {}, t('keys')), keys), el('div', {}, el('h3', {}, t('marks')), marksList(),
      el('p', {}, t('kPlots')), el('p', {}, t('linkHint'), el('code', {}, '#conn=2&seg=17')))), close);
  dialog.showModal();
}
