// What tabs of one browser share.

import type { Channel, Locks } from '../src/index';
import type { Tab } from './world';

export class FakeChannel implements Channel {
  static readonly all = new Set<FakeChannel>();
  onmessage: Channel['onmessage'] = null;
  gone = false;
  #queue: Promise<void> = Promise.resolve();
  readonly held: unknown[] = [];

  constructor(readonly name: string, readonly tab: Tab) {
    FakeChannel.all.add(this);
    tab.channels.push(this);
  }

  postMessage(message: unknown): void {
    if (this.gone) throw new Error('closed');
    const copy = structuredClone(message);
    for (const other of FakeChannel.all) {
      if (other === this || other.gone || other.name !== this.name || other.tab.world !== this.tab.world) continue;
      other.#queue = other.#queue.then(() => other.receive(copy));
    }
  }

  receive(message: unknown): void {
    if (this.tab.frozen) this.held.push(message);
    else if (!this.gone) this.onmessage?.({ data: message });
  }

  thaw(): void { for (const message of this.held.splice(0)) this.receive(message); }
  close(): void { this.gone = true; }
}

interface Waiting { tab: Tab; name: string; held: () => Promise<void>; resolve: (v: unknown) => void; reject: (e: unknown) => void }

export class FakeLocks {
  readonly #holders = new Map<string, Waiting>();
  readonly #queue: Waiting[] = [];

  request(name: string, options: Parameters<Locks['request']>[1], held: () => Promise<void>, tab: Tab): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const waiting = { tab, name, held, resolve, reject };
      options.signal?.addEventListener('abort', () => {
        const place = this.#queue.indexOf(waiting);
        if (place >= 0) this.#queue.splice(place, 1), reject(new DOMException('aborted', 'AbortError'));
      });
      if (options.steal) {
        this.#holders.get(name)?.reject(new DOMException('stolen', 'AbortError'));
        this.#holders.delete(name);
        this.#queue.unshift(waiting);
      } else {
        this.#queue.push(waiting);
      }
      queueMicrotask(() => this.#grant(name));
    });
  }

  forget(tab: Tab): void {
    for (let place = this.#queue.length - 1; place >= 0; place--) if (this.#queue[place]!.tab === tab) this.#queue.splice(place, 1);
    for (const [name, holder] of [...this.#holders]) {
      if (holder.tab !== tab) continue;
      this.#holders.delete(name);
      this.#grant(name);
    }
  }

  #grant(name: string): void {
    if (this.#holders.has(name)) return;
    const place = this.#queue.findIndex(waiting => waiting.name === name);
    if (place < 0) return;
    const [next] = this.#queue.splice(place, 1);
    this.#holders.set(name, next!);
    void next!.held().then(() => {
      next!.resolve(undefined);
      if (this.#holders.get(name) !== next) return;
      this.#holders.delete(name);
      this.#grant(name);
    });
  }
}
