// layout.ts - how far down each departure and arrival stands. Two ways:
//
// by time: a monotone warp. Order, crossings and relative slopes are true; short steps are stretched so that
// labels have room, silences are compressed and named.
// step by step: a row per segment in the order of the reference side, for conversations with so much in
// flight that true slopes would be cliffs.
import { Conversation, Inside, Known, Silence } from './data';

export type Mode = 'time' | 'steps';

export interface Gap { from: number; to: number; ns: number; cause: number }
export interface NoteAt { y: number; note: Inside }
export interface LoneChange { y: number; side: number; state: number; cause: number }

export interface Layout {
  mode: Mode;
  zoom: number;
  departure: Float64Array;
  arrival: Float64Array; // of a lost segment: where it would have been
  height: number;
  gaps: Gap[];
  lone: LoneChange[];
  notes: NoteAt[]; // decisions of the stacks
  // what happened, by time: for the now-line
  eventTime: Float64Array;
  eventY: Float64Array;
  // of segments [0, i]: the lowest end; of segments [i, n): the highest beginning
  lowest: Float64Array;
  highest: Float64Array;
}

const LABEL = 21; // between departures of the same side
const LABEL_CROWDED = 16; // when there are many, so that slopes stay readable
const CROWDED = 10;
const HEAD = 12; // between arrivals at the same side
const SLOPE = 17; // an arrow falls at least this far
const TURN = 13; // from an arrival to the next departure of that side
const ROUND_TRIP = 74;
const LONGEST = 58;
const GAP = 40; // a silence that has a name
const NOTE = 17; // a decision of a stack
const TOP = 40;
const BOTTOM = 56;

/** Indexes in the order of `time`, which they nearly have already. */
function ordered(index: Uint32Array, time: Float64Array): Uint32Array {
  for (let i = 1; i < index.length; i++) {
    const x = index[i];
    let k = i;
    for (; k > 0 && time[index[k - 1]] > time[x]; k--) index[k] = index[k - 1];
    index[k] = x;
  }
  return index;
}

/** When each arrives, or would have arrived had it not been lost: so lost ones are drawn beside the others. */
function reaches(c: Conversation): Float64Array {
  const flight = middleFlight(c);
  return Float64Array.from({ length: c.n }, (_, i) => (c.lost(i) ? c.sent[i] + flight : c.reach(i)));
}

function streams(c: Conversation): { leave: Uint32Array[]; reach: Uint32Array[]; reached: Float64Array } {
  const leave: number[][] = [[], []];
  const reach: number[][] = [[], []];
  for (let i = 0; i < c.n; i++) {
    leave[c.side[i]].push(i);
    reach[1 - c.side[i]].push(i);
  }
  const reached = reaches(c);
  return {
    reached,
    leave: leave.map((l) => ordered(Uint32Array.from(l), c.sent)),
    reach: reach.map((l) => ordered(Uint32Array.from(l), reached)),
  };
}

const NOBODY = -1;

/** Visits departures (even codes) and arrivals (odd ones) of all segments in order of time. */
function visit(c: Conversation, see: (i: number, arrival: boolean, time: number) => void): void {
  const { leave, reach, reached } = streams(c);
  const lists = [reach[0], reach[1], leave[0], leave[1]];
  const at = [0, 0, 0, 0];
  const left = new Uint8Array(c.n);
  const total = lists.reduce((sum, list) => sum + list.length, 0);
  for (let done = 0; done < total; done++) {
    let best = NOBODY;
    let bestTime = Infinity;
    for (let k = 0; k < 4; k++) {
      if (at[k] >= lists[k].length) continue;
      const i = lists[k][at[k]];
      if (k < 2 && !left[i]) continue; // at the very instant it was sent, or measured by clocks that disagree
      const time = k < 2 ? reached[i] : c.sent[i];
      if (time < bestTime) {
        best = k;
        bestTime = time;
      }
    }
    const i = lists[best][at[best]++];
    if (best >= 2) left[i] = 1;
    see(i, best < 2, bestTime);
  }
}

function middleFlight(c: Conversation): number {
  if (c.detail.rtt > 0) return c.detail.rtt / 2;
  const some: number[] = [];
  for (let i = 0; i < c.n && some.length < 1000; i++) if (c.arrives(i) && c.arrived[i] > c.sent[i]) some.push(c.arrived[i] - c.sent[i]);
  some.sort((a, b) => a - b);
  return some.length > 0 ? some[some.length >> 1] : 0;
}

/** Pixels per nanosecond at zoom 1. */
function natural(c: Conversation): number {
  const flight = middleFlight(c);
  if (flight > 0) return ROUND_TRIP / 2 / flight;
  const steps: number[] = [];
  for (let i = 1; i < c.n && steps.length < 1000; i++) if (c.time[i] > c.time[i - 1]) steps.push(c.time[i] - c.time[i - 1]);
  steps.sort((a, b) => a - b);
  return steps.length > 0 ? 30 / steps[steps.length >> 1] : 1e-6;
}

function finish(layout: Layout, n: number): Layout {
  let low = -Infinity;
  for (let i = 0; i < n; i++) {
    low = Math.max(low, layout.arrival[i], layout.departure[i]);
    layout.lowest[i] = low;
  }
  let high = Infinity;
  for (let i = n - 1; i >= 0; i--) {
    high = Math.min(high, layout.departure[i]);
    layout.highest[i] = high;
  }
  return layout;
}

function empty(c: Conversation, mode: Mode, zoom: number, events: number): Layout {
  return {
    mode, zoom, departure: new Float64Array(c.n), arrival: new Float64Array(c.n), height: 0, gaps: [], lone: [], notes: [],
    eventTime: new Float64Array(events), eventY: new Float64Array(events),
    lowest: new Float64Array(c.n), highest: new Float64Array(c.n),
  };
}

function silencesByEnd(c: Conversation): Map<number, Silence> {
  return new Map(c.detail.silences.map((s) => [s[0], s]));
}

/** Changes that no segment caused, after the last of which nothing else happens. */
function addLone(c: Conversation, l: Layout, y: number, lastTime: number, named: Map<number, Silence>): number {
  for (const [ns, , side, , to, segment] of c.detail.changes) {
    if (segment !== 0) continue;
    if (ns < lastTime) {
      l.lone.push({ y: yOfTime(l, ns), side, state: to, cause: 0 });
      continue;
    }
    const silence = named.get(ns);
    const from = y;
    y += silence ? GAP * Math.max(1, Math.min(l.zoom, 1)) : LABEL;
    if (silence) l.gaps.push({ from, to: y, ns: silence[1], cause: silence[2] });
    l.lone.push({ y, side, state: to, cause: silence ? silence[2] : 0 });
    lastTime = ns;
  }
  return y;
}

export function layoutByTime(c: Conversation, zoom: number): Layout {
  const scale = natural(c) * zoom;
  const small = Math.min(1, zoom);
  const label = (crowd(c) > CROWDED ? LABEL_CROWDED : LABEL) * small, head = HEAD * small, slope = SLOPE * small, turn = TURN * small;
  const longest = LONGEST * Math.max(1, zoom) * (zoom < 1 ? zoom : 1);
  const gapHeight = Math.max(GAP * small, 1);
  const named = silencesByEnd(c);
  const l = empty(c, 'time', zoom, 2 * c.n);
  const notes = c.detail.inside.filter((note) => note[3]);
  const lastOut = [-Infinity, -Infinity];
  const lastIn = [-Infinity, -Infinity];
  let y = TOP;
  let before = 0;
  let events = 0;
  visit(c, (i, arrival, time) => {
    const side = arrival ? 1 - c.side[i] : c.side[i];
    const step = (time - before) * scale;
    const silence = step > 0 ? named.get(time) : undefined;
    let next = y + Math.min(Math.max(step, 0), longest);
    if (silence) next = Math.max(next, y + gapHeight);
    if (arrival) {
      next = Math.max(next, l.departure[i] + slope, lastIn[side] + head, lastOut[side] + turn);
    } else {
      next = Math.max(next, lastOut[side] + label, lastIn[side] + turn);
    }
    if (silence) l.gaps.push({ from: y, to: next, ns: silence[1], cause: silence[2] });
    while (l.notes.length < notes.length && notes[l.notes.length][0] <= time) {
      const note = notes[l.notes.length];
      next += NOTE * small;
      l.notes.push({ y: next - 2 * small, note });
      if (!arrival && note[1] === side) next += 13 * small;
    }
    y = next;
    before = Math.max(before, time);
    if (arrival) {
      l.arrival[i] = lastIn[side] = y;
    } else {
      l.departure[i] = lastOut[side] = y;
    }
    l.eventTime[events] = before;
    l.eventY[events++] = y;
  });
  l.eventTime = l.eventTime.subarray(0, events);
  l.eventY = l.eventY.subarray(0, events);
  y = addLone(c, l, y, before, named);
  l.height = y + BOTTOM;
  return finish(l, c.n);
}



export function layoutSteps(c: Conversation, zoom: number): Layout {
  const l = empty(c, 'steps', zoom, c.n);
  const notes = c.detail.inside.filter((note) => note[3]);
  const named = silencesByEnd(c);
  const fall = 22 * zoom;
  const row = 39 * zoom;
  let y = TOP;
  let last = 0;
  for (let i = 0; i < c.n; i++) {
    const silence = named.get(c.sent[i]);
    if (silence) {
      l.gaps.push({ from: y - row + fall, to: y + GAP * zoom, ns: silence[1], cause: silence[2] });
      y += GAP * zoom;
    }
    while (l.notes.length < notes.length && notes[l.notes.length][0] <= c.time[i]) {
      l.notes.push({ y: y - 2 * zoom, note: notes[l.notes.length] });
      y += NOTE * zoom;
    }
    l.departure[i] = y;
    l.arrival[i] = y + fall;
    l.eventTime[i] = last = Math.max(last, c.time[i]);
    l.eventY[i] = c.time[i] === c.sent[i] ? y : y + fall;
    y += row;
  }
  y = addLone(c, l, y - row + fall, last, named);
  l.height = y + BOTTOM;
  return finish(l, c.n);
}

/** How much is on its way at once, at most. */
export function crowd(c: Conversation): number {
  let now = 0;
  let most = 0;
  visit(c, (_, arrival) => {
    now += arrival ? -1 : 1;
    most = Math.max(most, now);
  });
  return most;
}

export function makeLayout(c: Conversation, mode: Mode, zoom: number): Layout {

  return mode === 'time' ? layoutByTime(c, zoom) : layoutSteps(c, zoom);
}

/** The first index whose value is not below `x`. */
export function lowerBound(values: Float64Array, x: number): number {
  let from = 0;
  let to = values.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (values[middle] < x) from = middle + 1;
    else to = middle;
  }
  return from;
}

export function yOfTime(l: Layout, ns: number): number {
  const i = lowerBound(l.eventTime, ns);
  if (i >= l.eventTime.length) return l.eventY.length > 0 ? l.eventY[l.eventY.length - 1] : 0;
  if (i === 0 || l.eventTime[i] === ns) return l.eventY[i];
  const share = (ns - l.eventTime[i - 1]) / (l.eventTime[i] - l.eventTime[i - 1]);
  return l.eventY[i - 1] + share * (l.eventY[i] - l.eventY[i - 1]);
}

export function timeOfY(l: Layout, y: number): number {
  const i = lowerBound(l.eventY, y);
  if (i >= l.eventY.length) return l.eventTime.length > 0 ? l.eventTime[l.eventTime.length - 1] : 0;
  if (i === 0 || l.eventY[i] === y) return l.eventTime[i];
  const share = (y - l.eventY[i - 1]) / (l.eventY[i] - l.eventY[i - 1]);
  return l.eventTime[i - 1] + share * (l.eventTime[i] - l.eventTime[i - 1]);
}

/** Segments that may show between two heights: [from, to). */
export function between(l: Layout, top: number, bottom: number): [number, number] {
  const from = lowerBound(l.lowest, top);
  let a = from;
  let b = l.highest.length;
  while (a < b) {
    const middle = (a + b) >> 1;
    if (l.highest[middle] <= bottom) a = middle + 1;
    else b = middle;
  }
  return [from, a];
}

/** Known, Measured and Estimated are instants. */
export function isInstant(known: number): boolean {
  return known === Known.Measured || known === Known.Estimated;
}
