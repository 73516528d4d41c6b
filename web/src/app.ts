// app.ts - what is chosen on the page, and who wants to know when it changes.
import { Conversation, Index } from './data';

export type Change = 'connection' | 'selection' | 'hover' | 'now' | 'range' | 'direction' | 'language' | 'theme' | 'finding';

export class App {
  conversation!: Conversation;
  selected = 0; // number of a segment; 0: none
  hovered = 0;
  finding = -1;
  now: number | null = null; // nanoseconds; null: everything is shown
  range: [number, number] = [0, 1];
  direction = 0; // the side whose sending the plots show
  private readonly listeners = new Map<Change, (() => void)[]>();

  constructor(readonly index: Index) {}

  on(changes: Change[], listener: () => void): void {
    for (const change of changes) this.listeners.set(change, [...(this.listeners.get(change) ?? []), listener]);
  }

  tell(change: Change): void {
    for (const listener of this.listeners.get(change) ?? []) listener();
  }

  select(number: number): void {
    const wanted = Math.max(0, Math.min(this.conversation.n, Math.floor(number) || 0));
    if (wanted === this.selected) return;
    this.selected = wanted;
    this.tell('selection');
    if (wanted > 0) this.keepInRange(this.conversation.time[wanted - 1]);
  }

  /** What is selected is to be seen in the plots. */
  private keepInRange(ns: number): void {
    const [from, to] = this.range;
    if (ns < from || ns > to) this.setRange(ns - (to - from) / 2, ns + (to - from) / 2);
  }

  hover(number: number): void {
    if (number === this.hovered) return;
    this.hovered = number;
    this.tell('hover');
  }

  setNow(now: number | null): void {
    this.now = now;
    this.tell('now');
  }

  setRange(from: number, to: number): void {
    const end = this.wholeRange()[1];
    const span = Math.min(Math.max(to - from, 1e3), end);
    const start = Math.min(Math.max(from, 0), end - span);
    this.range = [start, start + span];
    this.tell('range');
  }

  /** A little more than from the first to the last segment. */
  wholeRange(): [number, number] {
    return [0, Math.max(this.conversation.end * 1.02, 1e3)];
  }
}

/** A task once per frame, however often it is asked for. */
export function perFrame(task: () => void): () => void {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      task();
    });
  };
}

/** Colours come from the style sheet, so that themes are written once. */
export class Palette {
  private values = new Map<string, string>();
  get(name: string): string {
    let value = this.values.get(name);
    if (value === undefined) {
      value = getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
      this.values.set(name, value);
    }
    return value;
  }
  forget(): void { this.values.clear(); }
}

export const palette = new Palette();

/** Fits a canvas to its box and to the screen's pixels; its context counts CSS pixels. */
export function fitCanvas(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D {
  const ratio = window.devicePixelRatio || 1;
  const w = Math.max(1, Math.round(width * ratio)), h = Math.max(1, Math.round(height * ratio));
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.width = width + 'px';
    canvas.style.height = height + 'px';
  }
  const context = canvas.getContext('2d')!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

/** An element; children are nodes or plain text, never markup. */
export function el(tag: string, attributes: Record<string, string> = {}, ...children: (Node | string)[]): HTMLElement {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

export const MONO = '"SF Mono", "Cascadia Mono", "JetBrains Mono", Menlo, Consolas, "DejaVu Sans Mono", "Noto Sans Mono CJK SC", monospace';
export const SANS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';
