// data.ts - what the tool put into the page, unpacked into typed arrays. The order of the columns is that of
// src/render/html_columns.c; texts are templates and numbers, as src/render/html_words.h says.
import { unzlibSync } from 'fflate';

export type Both = [en: string, zh: string];

export interface Names {
  states: [short: string, full: string][];
  causes: Both[];
  evidence: Both[];
  sides: [Both, Both];
  parts: Both[];
}

export interface Summary {
  number: number;
  client: string;
  server: string;
  segments: number;
  bytes: [number, number];
  start: number;
  duration: number;
  again: number;
  lost: number;
  end: string;
  ended: Both;
  findings: [info: number, warn: number, error: number];
}

export interface Index {
  v: number;
  title: string;
  language: 'en' | 'zh';
  seq: string;
  story: Both[]; // a title and what it is about, or nothing
  names: Names;
  connections: Summary[];
}

export type Change = [ns: number, known: number, side: number, from: number, to: number, segment: number];
export type Silence = [end: number, idle: number, cause: number];

export interface Finding {
  id: string;
  severity: number;
  confidence: number;
  side: number;
  start: number;
  end: number;
  cost: number;
  times: number;
  segments: number[];
  total: number;
  text: Both;
  advice: Both | null;
}

/** What a stack did: when, whose, because of which segment (0: none), a decision or only figures;
 * the window before and after in bytes, 0 when it is not about that. */
export type Inside = [ns: number, side: number, segment: number, decision: boolean, text: Both,
  cwndBefore: number, cwnd: number, ssthresh: number];

interface Detail {
  vantage: number;
  reference: number;
  rtt: number;
  changes: Change[];
  silences: Silence[];
  notes: Both[];
  findings: Finding[];
  verdict: Both;
  inside: Inside[];
  parts: number[]; // nanoseconds of each of Names.parts
  templates: [text: string, numbers: number][];
  sides: { isnKnown: boolean; isn: number; offset: number; initial: number }[];
}

// enum ladder_class of src/trace/ladder.h
export const enum Kind {
  Syn, SynAck, Data, Ack, Fin, Rst, DupAck, WindowUpdate, Probe, KeepAlive, SynRetx, Retx, Reordered, Late,
  NetDuplicate, ChallengeAck,
}
// enum ladder_known
export const enum Known { Unknown, Measured, Estimated, Lost }
// enum ladder_fact
export const enum Fact {
  HandshakeDone = 1 << 0, Piggyback = 1 << 1, AcksNew = 1 << 2, AcksFin = 1 << 3, Refused = 1 << 4,
  WindowClosed = 1 << 5, WindowOpened = 1 << 6, WindowZero = 1 << 7, AnswersProbe = 1 << 8,
  Simultaneous = 1 << 9, LastAck = 1 << 10, Resent = 1 << 11, HalfClose = 1 << 12, WindowChanged = 1 << 13,
  Corrupted = 1 << 14, Copy = 1 << 15, Spurious = 1 << 16, Missed = 1 << 17, DSack = 1 << 18,
  Super = 1 << 19, NewDataProbe = 1 << 20, Hole = 1 << 21,
}
// enum weir_tcp_flags
export const enum Flag {
  Fin = 1, Syn = 2, Rst = 4, Psh = 8, Ack = 16, Urg = 32, Ece = 64, Cwr = 128, Ae = 256,
}
// enum weir_segment_options
export const enum Opt {
  Mss = 1 << 0, WScale = 1 << 1, SackOk = 1 << 2, Ts = 1 << 3, Sack = 1 << 4, Unknown = 1 << 5, Md5 = 1 << 8,
  Ao = 1 << 9, AccEcn = 1 << 10, FastOpen = 1 << 11, UserTimeout = 1 << 12, Illegal = 1 << 16,
}

const enum Text { Head, Window, Options, Tags, Kind, En, Zh }
const FIELD = '\x1f';
const OPTION = '\x1e';

/** One connection. Arrays are by index: the segment's number less one. */
export class Conversation {
  readonly n: number;
  // times in nanoseconds since the first segment
  readonly sent: Float64Array;
  readonly arrived: Float64Array;
  readonly side: Uint8Array;
  readonly sentKnown: Uint8Array;
  readonly arrivedKnown: Uint8Array;
  readonly cut: Uint8Array;
  readonly kind: Uint8Array;
  readonly flags: Uint16Array;
  readonly seq: Uint32Array;
  readonly length: Uint32Array;
  readonly ack: Uint32Array;
  readonly rawWindow: Uint32Array;
  readonly window: Uint32Array;
  readonly urgent: Uint32Array;
  readonly ipId: Uint32Array;
  readonly ttl: Uint32Array;
  readonly frame: Uint32Array;
  readonly header: Uint8Array; // Data Offset, 0: not known; what the checksum says; ECN of the IP header
  readonly sum: Uint16Array; // the checksum field
  readonly options: Uint32Array;
  readonly mss: Uint32Array;
  readonly wscale: Uint8Array;
  readonly tsVal: Uint32Array;
  readonly tsEcr: Uint32Array;
  readonly sackAt: Uint32Array; // n + 1: where in sackStart its blocks begin
  readonly sackStart: Uint32Array;
  readonly sackEnd: Uint32Array;
  readonly facts: Uint32Array;
  readonly count: Uint16Array;
  readonly first: Uint32Array;
  readonly ackedSpan: Uint32Array;
  readonly cause: Uint8Array;
  readonly evidence: Uint8Array;
  readonly repairedBy: Uint32Array;
  readonly flight: Uint32Array;
  readonly rtt: Uint32Array;
  readonly srtt: Uint32Array;
  readonly rto: Uint32Array;
  readonly cwnd: Uint32Array;
  readonly ssthresh: Uint32Array;
  readonly template: Uint32Array;
  readonly numberAt: Uint32Array; // n + 1
  readonly numbers: Uint32Array;

  /** When it passed the reference side, or was sent; never NaN. */
  readonly time: Float64Array;
  readonly end: number; // of the last thing on the wire
  readonly major: number; // side that sent more bytes
  private readonly parts: string[][];

  constructor(readonly summary: Summary, readonly detail: Detail, reader: Reader) {
    const n = (this.n = summary.segments);
    this.sent = reader.sums(n);
    this.arrived = new Float64Array(n);
    for (let i = 0; i < n; i++) this.arrived[i] = this.sent[i] + reader.int();
    this.side = new Uint8Array(n);
    this.sentKnown = new Uint8Array(n);
    this.arrivedKnown = new Uint8Array(n);
    this.cut = new Uint8Array(n);
    this.kind = new Uint8Array(n);
    for (let i = 0; i < n; i++) {
      const meta = reader.uint();
      this.side[i] = meta & 1;
      this.sentKnown[i] = (meta >> 1) & 3;
      this.arrivedKnown[i] = (meta >> 3) & 3;
      this.cut[i] = (meta >> 5) & 1;
      this.kind[i] = meta >> 6;
    }
    const side = this.side;
    this.flags = reader.plain(new Uint16Array(n));
    this.seq = reader.steps(n, side);
    this.length = reader.plain(new Uint32Array(n));
    this.ack = reader.steps(n, side);
    this.rawWindow = reader.steps(n, side);
    this.window = reader.steps(n, side);
    this.urgent = reader.plain(new Uint32Array(n));
    this.ipId = reader.steps(n, side);
    this.ttl = reader.steps(n, side);
    this.frame = reader.steps(n, null);
    this.header = reader.plain(new Uint8Array(n));
    this.sum = reader.plain(new Uint16Array(n));
    this.options = reader.plain(new Uint32Array(n));
    this.mss = reader.plain(new Uint32Array(n));
    this.wscale = reader.plain(new Uint8Array(n));
    this.tsVal = reader.steps(n, side);
    this.tsEcr = reader.steps(n, side);
    this.sackAt = reader.starts(n);
    this.sackStart = new Uint32Array(this.sackAt[n]);
    this.sackEnd = new Uint32Array(this.sackAt[n]);
    for (let i = 0; i < n; i++) {
      let before = this.ack[i];
      for (let k = this.sackAt[i]; k < this.sackAt[i + 1]; k++) {
        before = this.sackStart[k] = before + reader.int();
        this.sackEnd[k] = before + reader.uint();
      }
    }
    this.facts = reader.plain(new Uint32Array(n));
    this.count = reader.plain(new Uint16Array(n));
    this.first = reader.links(n);
    this.ackedSpan = reader.plain(new Uint32Array(n));
    this.cause = reader.plain(new Uint8Array(n));
    this.evidence = reader.plain(new Uint8Array(n));
    this.repairedBy = reader.links(n);
    this.flight = reader.steps(n, side);
    this.rtt = reader.plain(new Uint32Array(n));
    this.srtt = reader.steps(n, side);
    this.rto = reader.steps(n, side);
    this.cwnd = reader.steps(n, side);
    this.ssthresh = reader.steps(n, side);

    this.template = reader.plain(new Uint32Array(n));
    this.parts = detail.templates.map(([text]) => text.split(FIELD));
    this.numberAt = new Uint32Array(n + 1);
    for (let i = 0; i < n; i++) {
      this.numberAt[i + 1] = this.numberAt[i] + detail.templates[this.template[i]][1];
    }
    this.numbers = new Uint32Array(this.numberAt[n]);
    const last = detail.templates.map(([, count]) => new Uint32Array(count));
    for (let i = 0, at = 0; i < n; i++) {
      const before = last[this.template[i]];
      for (let k = 0; k < before.length; k++) this.numbers[at++] = before[k] += reader.int();
    }

    this.time = new Float64Array(n);
    let end = 0;
    for (let i = 0; i < n; i++) {
      const here = detail.vantage === 0 || side[i] === detail.reference || this.arrivedKnown[i] === Known.Lost ||
        this.arrivedKnown[i] === Known.Unknown;
      this.time[i] = here ? this.sent[i] : this.arrived[i];
      if (this.arrives(i)) end = Math.max(end, this.arrived[i]);
      end = Math.max(end, this.sent[i]);
    }
    this.end = end;
    this.major = summary.bytes[1] > summary.bytes[0] ? 1 : 0;
  }

  arrives(i: number): boolean {
    return this.arrivedKnown[i] === Known.Measured || this.arrivedKnown[i] === Known.Estimated;
  }

  /** When it arrived, or, where that is not known, when it was seen. */
  reach(i: number): number {
    return this.arrives(i) ? this.arrived[i] : this.sent[i];
  }

  /** 2: proven, 1: inferred. */
  lost(i: number): number {
    return this.arrivedKnown[i] === Known.Lost ? 2 : this.facts[i] & Fact.Missed ? 1 : 0;
  }

  again(i: number): boolean {
    return this.kind[i] === Kind.Retx || this.kind[i] === Kind.SynRetx;
  }

  /** Sequence numbers it occupies. */
  span(i: number): number {
    return this.length[i] + ((this.flags[i] & Flag.Syn) !== 0 ? 1 : 0) + ((this.flags[i] & Flag.Fin) !== 0 ? 1 : 0);
  }

  /** A wire number of this side's stream as the tool shows it. */
  shown(side: number, wire: number): number {
    return (wire + this.detail.sides[side].offset) >>> 0;
  }

  private text(i: number, field: Text): string {
    const part = this.parts[this.template[i]][field];
    const all = this.parts[this.template[i]];
    let at = this.numberAt[i];
    // numbers are counted through all fields
    for (let f = 0; f < field; f++) {
      const before = all[f];
      for (let k = 0; k < before.length; k++) if (before.charCodeAt(k) === 1) at++;
    }
    let out = '';
    for (let k = 0; k < part.length; k++) {
      const code = part.charCodeAt(k);
      if (code === 1) out += this.numbers[at++];
      else if (code === 2) out += this.numbers[this.numberAt[i] + part.charCodeAt(++k) - 48];
      else out += part[k];
    }
    return out;
  }

  head(i: number): string { return this.text(i, Text.Head); }
  tags(i: number): string { return this.text(i, Text.Tags); }
  kindName(i: number): string { return this.text(i, Text.Kind); }
  sentence(i: number, lang: 'en' | 'zh'): string { return this.text(i, lang === 'zh' ? Text.Zh : Text.En); }

  /** The label in at most `columns` characters: options are elided from the right, then the window. */
  label(i: number, columns = Infinity): string {
    let out = this.head(i);
    const window = this.text(i, Text.Window);
    const text = this.text(i, Text.Options);
    const options = text === '' ? [] : text.split(OPTION);
    if (window !== '' && out.length + 2 + window.length <= columns) out += ', ' + window;
    for (let count = options.length; count > 0; count--) {
      const some = ', <' + options.slice(0, count).join(', ') + (count < options.length ? ', ..>' : '>');
      if (out.length + some.length <= columns) return out + some;
    }
    return out;
  }
}

/** Numbers of variable length, one after the other. */
class Reader {
  private at: number;
  constructor(private readonly bytes: Uint8Array, at: number) { this.at = at; }

  uint(): number {
    const bytes = this.bytes;
    let byte = bytes[this.at++];
    if (byte < 128) return byte;
    let value = byte & 127;
    let scale = 128;
    do {
      byte = bytes[this.at++];
      value += (byte & 127) * scale;
      scale *= 128;
    } while (byte >= 128);
    return value;
  }

  int(): number {
    const value = this.uint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  plain<T extends Uint8Array | Uint16Array | Uint32Array>(out: T): T {
    for (let i = 0; i < out.length; i++) out[i] = this.uint();
    return out;
  }

  sums(n: number): Float64Array {
    const out = new Float64Array(n);
    for (let i = 0, sum = 0; i < n; i++) out[i] = sum += this.int();
    return out;
  }

  /** Differences from the last number of the same side. */
  steps(n: number, side: Uint8Array | null): Uint32Array {
    const out = new Uint32Array(n);
    const last = new Uint32Array(2);
    for (let i = 0; i < n; i++) {
      const s = side === null ? 0 : side[i];
      last[s] += this.int();
      out[i] = last[s];
    }
    return out;
  }

  /** Numbers of other segments, by their distance; 0: none. */
  links(n: number): Uint32Array {
    const out = new Uint32Array(n);
    for (let i = 0; i < n; i++) {
      const step = this.int();
      if (step !== 0) out[i] = i + 1 - (step > 0 ? step - 1 : step);
    }
    return out;
  }

  /** Counts to starts. */
  starts(n: number): Uint32Array {
    const out = new Uint32Array(n + 1);
    for (let i = 0; i < n; i++) out[i + 1] = out[i] + this.uint();
    return out;
  }
}

export function readIndex(): Index {
  return JSON.parse(document.getElementById('weir-index')!.textContent!) as Index;
}

async function inflate(packed: Uint8Array): Promise<Uint8Array> {
  if (typeof DecompressionStream === 'undefined') return unzlibSync(packed);
  const stream = new Blob([packed as BlobPart]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function unbase64(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

export async function readConversation(summary: Summary): Promise<Conversation> {
  const element = document.getElementById('weir-c' + summary.number)!;
  const bytes = await inflate(unbase64(element.textContent!));
  const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const detail = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + size))) as Detail;
  return new Conversation(summary, detail, new Reader(bytes, 4 + size));
}
