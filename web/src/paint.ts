// paint.ts - colours of kinds and states, arrow heads and other marks that several panes share.
import { Conversation, Fact, Kind } from './data';
import { palette } from './app';

export function kindColor(c: Conversation, i: number): string {
  switch (c.kind[i]) {
    case Kind.Syn:
    case Kind.SynAck: return palette.get('k-syn');
    case Kind.Data: return palette.get('k-data');
    case Kind.Fin: return palette.get('k-fin');
    case Kind.Rst: return palette.get('k-rst');
    case Kind.WindowUpdate:
    case Kind.Probe:
    case Kind.KeepAlive: return palette.get('k-win');
    case Kind.SynRetx:
    case Kind.Retx:
    case Kind.Reordered:
    case Kind.Late:
    case Kind.DupAck:
    case Kind.NetDuplicate: return palette.get('k-rtx');
    default: return c.facts[i] & (Fact.WindowClosed | Fact.WindowOpened) ? palette.get('k-win') : palette.get('k-ack');
  }
}

const CLOSED = 0, LISTEN = 1, SYN_SENT = 2, SYN_RECEIVED = 3, ESTABLISHED = 4, TIME_WAIT = 10;

/** enum weir_tcp_state to a colour's name. */
export function stateColor(state: number): string {
  switch (state) {
    case CLOSED:
    case LISTEN: return palette.get('s-idle');
    case SYN_SENT:
    case SYN_RECEIVED: return palette.get('s-opening');
    case ESTABLISHED: return palette.get('s-open');
    case TIME_WAIT: return palette.get('s-waiting');
    default: return state > TIME_WAIT ? palette.get('s-unknown') : palette.get('s-closing');
  }
}

export function isProbe(kind: number): boolean {
  return kind === Kind.Probe || kind === Kind.KeepAlive;
}

/** Heads differ, not only colours: one for new, two for again, hollow for probes. */
export function arrowHead(g: CanvasRenderingContext2D, x: number, y: number, angle: number, size: number, hollow: boolean, twice: boolean): void {
  for (let k = 0; k < (twice ? 2 : 1); k++) {
    const at = k * size * 0.8;
    const tipX = x - Math.cos(angle) * at, tipY = y - Math.sin(angle) * at;
    g.beginPath();
    g.moveTo(tipX, tipY);
    g.lineTo(tipX - size * Math.cos(angle - 0.42), tipY - size * Math.sin(angle - 0.42));
    g.lineTo(tipX - size * Math.cos(angle + 0.42), tipY - size * Math.sin(angle + 0.42));
    g.closePath();
    if (hollow) {
      const fill = g.fillStyle;
      g.fillStyle = palette.get('ground');
      g.fill();
      g.fillStyle = fill;
      g.stroke();
    } else {
      g.fill();
    }
  }
}

export function cross(g: CanvasRenderingContext2D, x: number, y: number, size: number): void {
  g.beginPath();
  g.moveTo(x - size, y - size);
  g.lineTo(x + size, y + size);
  g.moveTo(x + size, y - size);
  g.lineTo(x - size, y + size);
  g.stroke();
}

/** Text with the ground's colour around it, so that lines below do not disturb. */
export function haloed(g: CanvasRenderingContext2D, text: string, x: number, y: number): void {
  g.lineWidth = 4;
  g.lineJoin = 'round';
  g.strokeStyle = palette.get('ground');
  g.strokeText(text, x, y);
  g.fillText(text, x, y);
}
