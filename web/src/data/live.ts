// SPDX-License-Identifier: BSD-2-Clause
/**
 * The server's state as it changes, by server-sent events (doc/protocol.md, GET /api/events). A tab that
 * nobody looks at keeps no connection: a browser has six for one server. Where there is no stream (a copy
 * on some web host, too many pages), whoever uses this polls.
 */
import { parseStatus, type Status } from './api';

const AGAIN_MS = 30000; // before a stream that could not be had is asked for again

export class Live {
  private source: EventSource | undefined;
  private heard = false;
  private notBefore = 0;

  /** changed: a state came. ended: the stream broke off. */
  constructor(
    private readonly changed: (status: Status) => void,
    private readonly ended: () => void,
    private readonly possible = typeof EventSource !== 'undefined' && !('musicmapStatic' in window),
  ) {
    window.addEventListener('pagehide', () => this.stop());
  }

  /** States are coming: nothing else need be asked. */
  get connected(): boolean {
    return this.source !== undefined && this.heard;
  }

  /** Connects if it can and is not already. To be called after the server has answered something. */
  start(): void {
    if (!this.possible || this.source || document.hidden || performance.now() < this.notBefore) return;
    const source = new EventSource('api/events');
    this.source = source;
    this.heard = false;
    source.onmessage = ({ data }: MessageEvent<string>) => {
      this.heard = true;
      this.changed(readState(data));
    };
    source.onerror = () => {
      // The browser would try again by itself; the feed knows better when.
      if (!this.heard) this.notBefore = performance.now() + AGAIN_MS;
      this.stop();
      this.ended();
    };
  }

  stop(): void {
    this.source?.close();
    this.source = undefined;
    this.heard = false;
  }
}

function readState(text: string): Status {
  try {
    return parseStatus(JSON.parse(text) as Parameters<typeof parseStatus>[0]);
  } catch {
    return parseStatus(null);
  }
}
