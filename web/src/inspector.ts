// inspector.ts - one segment in full: the sentence, what it is known by, its relations, and its header as the
// diagram of RFC 9293 section 3.1 with this segment's values.
import { App, byId, el } from './app';
import { Conversation, Fact, Flag, Known, Opt } from './data';
import { duration, grouped, seconds } from './format';
import { marksList } from './help';
import { lang, pick, t, Key } from './texts';

const FLAGS: [name: string, bit: number][] = [
  ['AE', Flag.Ae], ['CWR', Flag.Cwr], ['ECE', Flag.Ece], ['URG', Flag.Urg], ['ACK', Flag.Ack], ['PSH', Flag.Psh],
  ['RST', Flag.Rst], ['SYN', Flag.Syn], ['FIN', Flag.Fin],
];
const LINKS_MAX = 12;
const SEARCH_MAX = 200_000; // segments looked through for a relation

interface Field { at?: number; bits: number; name: string; value: string; note?: string; dim?: boolean; set?: boolean }

export class Inspector {
  private readonly box = byId('inspector');

  constructor(private readonly app: App) {
    app.on(['selection', 'language', 'connection'], () => this.show());
  }

  private get c(): Conversation { return this.app.conversation; }

  show(): void {
    const number = this.app.selected;
    this.box.setAttribute('aria-label', t('inspector'));
    if (number === 0) {
      this.box.replaceChildren(el('p', { class: 'hint' }, t('pick')), el('h2', {}, t('marks')), marksList(), this.connection());
      return;
    }
    const i = number - 1;
    this.box.replaceChildren(this.head(i), this.meaning(i), this.relations(i), this.diagram(i), this.bytes(i), this.measures(i), this.inside(i));
    this.linkBytes();
    this.box.scrollTop = 0;
  }

  /** Of the whole connection, while no segment is picked: where the numbers begin. */
  private connection(): HTMLElement {
    const c = this.c;
    const out = el('dl', { class: 'measures' });
    const add = (name: string, value: string) => out.append(el('div', {}, el('dt', {}, name), el('dd', {}, value)));
    c.detail.sides.forEach((side, k) => {
      if (!side.isnKnown) return;
      const shown = c.shown(k, side.isn);
      const value = shown === side.isn ? grouped(side.isn) : `${grouped(side.isn)} \u2192 ${grouped(shown)}`;
      add(`ISN ${pick(this.app.index.names.sides[k])}`, value);
    });
    if (c.detail.rtt > 0) add('RTT', duration(c.detail.rtt));
    return out;
  }

  private head(i: number): HTMLElement {
    const sides = this.app.index.names.sides;
    const from = this.c.side[i];
    const when = [`${t('sentAt')} ${seconds(this.c.sent[i], this.c.sentKnown[i] === Known.Estimated)}`];
    if (this.c.arrives(i)) when.push(`${t('arrivedAt')} ${seconds(this.c.arrived[i], this.c.arrivedKnown[i] === Known.Estimated)}`);
    else if (this.c.arrivedKnown[i] === Known.Lost) when.push(`${t('arrivedAt')}: ${t('nowhere')}`);
    if (this.c.frame[i] > 0) when.push(`${t('frame')} ${this.c.frame[i]}`);
    return el('div', { class: 'seg-head' },
      el('span', { class: 'seg-number' }, `#${i + 1}`),
      el('span', { class: 'seg-way' }, `${pick(sides[from])} \u2192 ${pick(sides[1 - from])}`),
      el('span', { class: 'seg-kind' }, this.c.kindName(i)),
      el('span', { class: 'seg-when' }, when.join('  \u00b7  ')));
  }

  private meaning(i: number): HTMLElement {
    const out = el('div', { class: 'meaning' }, el('code', { class: 'seg-label' }, this.c.label(i)));
    const sentence = this.c.sentence(i, lang());
    if (sentence !== '') out.append(el('p', { class: 'sentence' }, sentence));
    const known = this.knownBy(i);
    if (known.length > 0) out.append(el('ul', { class: 'evidence', 'aria-label': t('evidence') }, ...known.map((text) => el('li', {}, text))));
    return out;
  }

  /** Evidence and what else was judged. */
  private knownBy(i: number): string[] {
    const { names } = this.app.index;
    const facts = this.c.facts[i];
    const out: string[] = [];
    const because = this.c.cause[i];
    if (because > 0) out.push(`${t('why')}: ${pick(names.causes[because])}`);
    const list: [number, Key][] = [
      [Fact.Spurious, 'fact_spurious'], [Fact.Missed, 'fact_missed'], [Fact.Hole, 'fact_hole'],
      [Fact.DSack, 'fact_dsack'], [Fact.Super, 'fact_super'],
    ];
    for (const [bit, key] of list) if (facts & bit) out.push(t(key));
    if (this.c.arrivedKnown[i] === Known.Lost) out.push(t('fact_lost'));
    if (this.c.evidence[i] > 0) out.push(pick(names.evidence[this.c.evidence[i]]));
    return out;
  }

  // ---- The header ----

  private diagram(i: number): HTMLElement {
    const c = this.c;
    const [client, server] = [c.summary.client, c.summary.server].map((end) => end.slice(end.lastIndexOf(':') + 1));
    const ports = c.side[i] === 0 ? [client, server] : [server, client];
    const number = (side: number, wire: number) => {
      const shown = c.shown(side, wire);
      return { value: grouped(shown), note: shown === wire ? undefined : `${grouped(wire)} ${t('onWire')}` };
    };
    const hasAck = (c.flags[i] & Flag.Ack) !== 0;
    const ack = hasAck ? number(1 - c.side[i], c.ack[i]) : { value: grouped(c.ack[i]), note: undefined };
    const scaled = c.window[i] !== c.rawWindow[i] ? `${grouped(c.window[i])} ${t('scaled')}` : undefined;
    const words = c.header[i] & 15;
    const sum = [undefined, t('sumGood'), t('sumPartial'), t('sumBad')][(c.header[i] >> 4) & 3];
    const lines: Field[][] = [
      [{ bits: 16, name: t('srcPort'), value: ports[0] }, { bits: 16, name: t('dstPort'), value: ports[1] }],
      [{ bits: 32, name: t('seqNumber'), ...number(c.side[i], c.seq[i]) }],
      [{ bits: 32, name: t('ackNumber'), ...ack, dim: !hasAck }],
      [{ bits: 4, name: t('dataOffset'), value: words > 0 ? String(words) : '\u2014', note: words > 0 ? undefined : t('notKept'), dim: words === 0 }, { bits: 3, name: t('reserved'), value: '', dim: true },
        ...FLAGS.map(([name, bit]) => ({ bits: 1, name, value: c.flags[i] & bit ? '1' : '0', set: (c.flags[i] & bit) !== 0 })),
        { bits: 16, name: t('windowField'), value: grouped(c.rawWindow[i]), note: scaled }],
      [{ bits: 16, name: t('checksum'), value: words > 0 ? '0x' + c.sum[i].toString(16).padStart(4, '0') : t('notKept'), note: sum, dim: words === 0 },
        { bits: 16, name: t('urgentPointer'), value: String(c.urgent[i]), dim: (c.flags[i] & Flag.Urg) === 0 }],
    ];
    const grid = el('div', { class: 'bits', role: 'table', 'aria-label': 'RFC 9293 3.1' });
    for (let bit = 0; bit < 32; bit++) grid.append(el('i', { class: bit % 8 === 0 ? 'byte' : '', 'aria-hidden': 'true' }, String(bit % 10)));
    for (const line of lines) {
      let bit = 0;
      for (const field of line) {
        field.at = lines.indexOf(line) * 32 + bit;
        bit += field.bits;
        grid.append(this.cell(field));
      }
    }
    grid.append(this.optionsCell(i), this.payloadCell(i));
    return grid;
  }

  private cell(field: Field): HTMLElement {
    const narrow = field.bits === 1;
    const cell = el('div', {
      'data-at': String(field.at), 'data-bits': String(field.bits),
      class: `field b${field.bits}${field.dim ? ' dim' : ''}${field.set ? ' set' : ''}${narrow ? ' flag' : ''}`,
      role: 'cell', title: `${field.name}: ${field.value}${field.note ? ` (${field.note})` : ''}`,
    }, el('span', { class: 'name' }, field.name), el('span', { class: 'value' }, field.value));
    if (field.note) cell.append(el('span', { class: 'note' }, field.note));
    return cell;
  }

  /** The fixed part of the header as it was on the wire. */
  private bytes(i: number): HTMLElement {
    const c = this.c;
    const out = el('div', { class: 'hex', 'aria-label': t('headerBytes'), title: t('headerBytes') });
    if ((c.header[i] & 15) === 0) return out;
    const view = new DataView(new ArrayBuffer(20));
    const [client, server] = [c.summary.client, c.summary.server].map((end) => Number(end.slice(end.lastIndexOf(':') + 1)));
    view.setUint16(0, c.side[i] === 0 ? client : server);
    view.setUint16(2, c.side[i] === 0 ? server : client);
    view.setUint32(4, c.seq[i]);
    view.setUint32(8, c.ack[i]);
    view.setUint16(12, ((c.header[i] & 15) << 12) | (c.flags[i] & 0x1ff));
    view.setUint16(14, c.rawWindow[i]);
    view.setUint16(16, c.sum[i]);
    view.setUint16(18, c.urgent[i]);
    for (let k = 0; k < 20; k++) out.append(el('span', {}, view.getUint8(k).toString(16).padStart(2, '0')));
    return out;
  }

  /** Pointing at a field lights its bytes up, and the other way round. */
  private linkBytes(): void {
    const fields = [...this.box.querySelectorAll<HTMLElement>('.field[data-at]')];
    const bytes = [...this.box.querySelectorAll<HTMLElement>('.hex span')];
    const light = (from: number, to: number, on: boolean) => {
      for (const field of fields) {
        const at = Number(field.dataset.at), end = at + Number(field.dataset.bits);
        if (at < to && end > from) field.classList.toggle('lit', on);
      }
      bytes.forEach((byte, k) => { if (k * 8 < to && k * 8 + 8 > from) byte.classList.toggle('lit', on); });
    };
    for (const field of fields) {
      const at = Number(field.dataset.at), end = at + Number(field.dataset.bits);
      field.addEventListener('pointerenter', () => light(at, end, true));
      field.addEventListener('pointerleave', () => light(0, 160, false));
    }
    bytes.forEach((byte, k) => {
      byte.addEventListener('pointerenter', () => light(k * 8, k * 8 + 8, true));
      byte.addEventListener('pointerleave', () => light(0, 160, false));
    });
  }

  private optionsCell(i: number): HTMLElement {
    const list = this.options(i);
    const value = el('span', { class: 'chips' });
    for (const [text, title] of list) value.append(el('span', { class: 'chip', title }, text));
    if (list.length === 0) value.append(this.c.cut[i] ? t('notCaptured') : t('none'));
    return el('div', { class: `field b32 options${list.length === 0 ? ' dim' : ''}`, role: 'cell' },
      el('span', { class: 'name' }, t('optionsField')), value);
  }

  private options(i: number): [text: string, title: string][] {
    const c = this.c;
    const present = c.options[i];
    const peer = 1 - c.side[i];
    const out: [string, string][] = [];
    if (present & Opt.Mss) out.push([`mss ${c.mss[i]}`, 'Maximum Segment Size, kind 2 (RFC 9293 3.7.1)']);
    if (present & Opt.SackOk) out.push(['sackOK', 'SACK Permitted, kind 4 (RFC 2018)']);
    if (present & Opt.Ts) out.push([`TS val ${c.tsVal[i]} ecr ${c.tsEcr[i]}`, 'Timestamps, kind 8 (RFC 7323)']);
    if (present & Opt.WScale) out.push([`wscale ${c.wscale[i]} (\u00d7${2 ** Math.min(14, c.wscale[i])})`, 'Window Scale, kind 3 (RFC 7323)']);
    for (let k = c.sackAt[i]; k < c.sackAt[i + 1]; k++) {
      out.push([`sack ${c.shown(peer, c.sackStart[k])}-${c.shown(peer, c.sackEnd[k])}`, 'SACK, kind 5 (RFC 2018)']);
    }
    const others: [number, string, string][] = [
      [Opt.Md5, 'md5', 'MD5 signature, kind 19 (RFC 2385)'], [Opt.Ao, 'ao', 'TCP-AO, kind 29 (RFC 5925)'],
      [Opt.AccEcn, 'accecn', 'Accurate ECN (RFC 9768)'], [Opt.FastOpen, 'fastopen', 'Fast Open, kind 34 (RFC 7413)'],
      [Opt.UserTimeout, 'user timeout', 'User Timeout, kind 28 (RFC 5482)'], [Opt.Unknown, 'other', ''],
      [Opt.Illegal, 'malformed', 'RFC 9293 3.1'],
    ];
    for (const [bit, text, title] of others) if (present & bit) out.push([text, title]);
    return out;
  }

  private payloadCell(i: number): HTMLElement {
    const length = this.c.length[i];
    const from = this.c.shown(this.c.side[i], this.c.seq[i] + ((this.c.flags[i] & Flag.Syn) ? 1 : 0));
    const text = length === 0 ? t('none') : `${grouped(length)} ${t('bytesCount')}: ${from}..${(from + length - 1) >>> 0}`;
    return el('div', { class: `field b32 payload${length === 0 ? ' dim' : ''}`, role: 'cell' },
      el('span', { class: 'name' }, t('payload')), el('span', { class: 'value' }, text));
  }

  // ---- Relations ----

  private link(number: number): HTMLElement {
    const a = el('a', { href: `#conn=${this.c.summary.number}&seg=${number}`, class: 'seg-link', title: this.c.label(number - 1) }, '#' + number);
    a.addEventListener('click', (event) => { event.preventDefault(); this.app.select(number); });
    return a;
  }

  private relation(key: Key, numbers: number[], more = false): HTMLElement {
    const row = el('div', { class: 'relation' }, el('span', { class: 'name' }, t(key)));
    for (const number of numbers) row.append(this.link(number));
    if (more) row.append('\u2026');
    return row;
  }

  private relations(i: number): HTMLElement {
    const c = this.c;
    const out = el('div', { class: 'relations' });
    const copy = c.kindName(i) === 'net_duplicate';
    if (c.first[i] > 0) out.append(this.relation(copy ? 'copyOf' : 'repeats', [c.first[i]]));
    const again = this.sentAgain(i);
    if (again.length > 0) out.append(this.relation('repeatedBy', again));
    if (c.repairedBy[i] > 0) out.append(this.relation('repairedBy', [c.repairedBy[i]]));
    const covers = this.covered(i);
    if (covers.length > 0) out.append(this.relation('acknowledges', covers.slice(0, LINKS_MAX), covers.length > LINKS_MAX));
    const by = this.acknowledgedBy(i);
    if (by > 0) out.append(this.relation('acknowledgedBy', [by]));
    c.detail.findings.forEach((finding, k) => {
      if (!finding.segments.includes(i + 1)) return;
      const button = el('button', { class: 'finding-link', title: pick(finding.text) }, finding.id.replace(/_/g, ' '));
      button.addEventListener('click', () => { this.app.finding = k; this.app.tell('finding'); });
      out.append(el('div', { class: 'relation' }, el('span', { class: 'name' }, t('partOf')), button));
    });
    return out;
  }

  private sentAgain(i: number): number[] {
    const out: number[] = [];
    if (!(this.c.facts[i] & (Fact.Resent | Fact.Missed)) && !this.c.lost(i)) return out;
    for (let k = i + 1; k < Math.min(this.c.n, i + SEARCH_MAX) && out.length < LINKS_MAX; k++) {
      if (this.c.first[k] === i + 1 && this.c.again(k)) out.push(k + 1);
    }
    return out;
  }

  /** Segments of the other side whose last byte this one acknowledges for the first time. */
  private covered(i: number): number[] {
    const c = this.c;
    const out: number[] = [];
    if (!(c.facts[i] & Fact.AcksNew)) return out;
    for (let k = i - 1; k >= Math.max(0, i - SEARCH_MAX) && out.length <= LINKS_MAX; k--) {
      if (c.side[k] === c.side[i] || c.span(k) === 0 || c.again(k)) continue;
      const back = (c.ack[i] - (c.seq[k] + c.span(k))) | 0; // how far below the ACK it ends
      if (back < 0) continue;
      if (back >= c.ackedSpan[i]) break;
      out.unshift(k + 1);
    }
    return out;
  }

  private acknowledgedBy(i: number): number {
    const c = this.c;
    if (c.span(i) === 0 || c.flags[i] & Flag.Rst) return 0;
    const end = c.seq[i] + c.span(i);
    for (let k = i + 1; k < Math.min(c.n, i + SEARCH_MAX); k++) {
      if (c.side[k] !== c.side[i] && c.flags[k] & Flag.Ack && ((c.ack[k] - end) | 0) >= 0) return k + 1;
    }
    return 0;
  }

  private inside(i: number): HTMLElement {
    const out = el('div', { class: 'inside' });
    for (const side of [0, 1]) {
      // what a timer did has no segment as its cause, but one as its effect, at the same instant
      const notes = this.c.detail.inside.filter(([ns, of, segment]) => of === side &&
        (segment === i + 1 || (segment === 0 && side === this.c.side[i] && ns === this.c.sent[i])));
      if (notes.length === 0) continue;
      out.append(el('h3', {}, `${t('inside')} ${pick(this.app.index.names.sides[side])}`));
      for (const [ns, , , , text] of notes) out.append(el('p', {}, el('code', {}, seconds(ns)), pick(text)));
    }
    return out;
  }

  private measures(i: number): HTMLElement {
    const c = this.c;
    const out = el('dl', { class: 'measures' });
    const add = (name: string, value: string) => out.append(el('div', {}, el('dt', {}, name), el('dd', {}, value)));
    if (c.flight[i] > 0) add(t('flight'), grouped(c.flight[i]) + ' B');
    if (c.cwnd[i] > 0) add('cwnd', grouped(c.cwnd[i]) + ' B');
    if (c.ssthresh[i] > 0) add('ssthresh', grouped(c.ssthresh[i]) + ' B');
    if (c.rtt[i] > 0) add('RTT', duration(c.rtt[i] * 1e3));
    if (c.srtt[i] > 0) add('SRTT', duration(c.srtt[i] * 1e3));
    if (c.rto[i] > 0) add('RTO', duration(c.rto[i] * 1e3));
    if (c.ttl[i] > 0) add('TTL', String(c.ttl[i]));
    if (c.header[i] >> 6 > 0) add('ECN', ['', 'ECT(1)', 'ECT(0)', 'CE'][c.header[i] >> 6]);
    if (c.ipId[i] > 0) add('IP ID', String(c.ipId[i]));
    return out;
  }
}
