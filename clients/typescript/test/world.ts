// A world for clients under test: clocks that only the test turns, a server that only the test speaks for, and several
// tabs of one browser.

import { readFileSync, readdirSync } from 'node:fs';
import { createClient, type Channel, type Client, type ClientOptions, type Environment, type Locks, type Socket } from '../src/index';

export const origin = 'https://api.test';

export const vectors = (prefix: string): { name: string; direction: string; text: string; meaning: Record<string, unknown> }[] =>
  readdirSync(folder).filter(file => file.startsWith(prefix)).map(file => vector(file));
const folder = new URL('../../../tests/vectors/events/', import.meta.url);
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export const vector = (file: string): any => JSON.parse(readFileSync(new URL(file, folder), 'utf8'));

/** Lets everything that waits for a promise, or for a turn of the loop, go on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(resolve => setTimeout(resolve, 0));
}

/** A place in each log, as the server's messages have it. */
export function at(own: number, shared = 1, epoch = 0): string {
  return `${token(own, epoch)}.${token(shared, epoch, 1)}`;
}

/** A place in one log; of the own one unless told. Any MAC: a client does not judge it. */
export function token(offset: number, epoch = 0, log = 0): string {
  const bytes = Buffer.alloc(42);
  bytes[0] = 2;
  bytes[1] = log;
  bytes.fill(epoch, 2, 18);
  bytes.writeBigUInt64LE(BigInt(offset), 18);
  return bytes.toString('base64url');
}

export class FakeSocket implements Socket {
  onmessage: Socket['onmessage'] = null;
  onclose: Socket['onclose'] = null;
  readonly sent: string[] = [];
  closed = false;
  readonly query: URLSearchParams;

  constructor(readonly url: string, readonly protocols: string[]) {
    this.query = new URL(url).searchParams;
  }

  send(text: string): void { this.sent.push(text); }
  close(): void { this.closed = true; }

  say(message: unknown): void {
    this.onmessage?.({ data: typeof message === 'string' ? message : JSON.stringify(message) });
  }

  sayRaw(data: unknown): void { this.onmessage?.({ data }); }
  ready(resumed = false, position = at(1), heartbeat = 10): void { this.say({ type: 'ready', data: { position, heartbeat, resumed } }); }
  beat(): void { this.say({ type: 'heartbeat' }); }

  touch(offset: number, tags: string[], more: object = {}): void {
    this.say({
      type: 'cache_invalidation',
      data: { entity: 'import', id: '1', action: 'updated', entities: ['import'], tags, position: at(offset), time: '2026-11-22T17:00:00.000Z', ...more },
    });
  }

  end(code: number, reason = ''): void {
    this.closed = true;
    this.onclose?.({ code, reason });
  }
}

/** A call that waits for the test's answer. */
export class FakeCall {
  readonly answered: Promise<Response>;
  #resolve!: (response: Response) => void;
  #reject!: (error: unknown) => void;

  constructor(readonly request: Request) {
    this.answered = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  header(name: string): string | null { return this.request.headers.get(name); }
  async answer(response: Response): Promise<void> { this.#resolve(response); await settle(); }
  async fail(error: unknown = new TypeError('network')): Promise<void> { this.#reject(error); await settle(); }
}

/** An answer that Freshet stored. */
export function kept(body: string, groups: string[], more: Record<string, string> = {}): Response {
  return new Response(body, {
    headers: {
      'Cache-Control': 'private, no-cache', 'Cache-Status': 'Freshet; hit; ttl=60; detail=fresh', ETag: `"${body}"`,
      'Cache-Groups': groups.map(group => `"${group}"`).join(', '), ...more,
    },
  });
}

export function notModified(groups: string[], more: Record<string, string> = {}): Response {
  const { headers } = kept('', groups, more);
  headers.delete('ETag');
  return new Response(null, { status: 304, headers });
}

export function written(groups: string | null, offset: number): Response {
  const headers = new Headers({ 'Freshet-Position': token(offset) });
  if (groups !== null) headers.set('Cache-Group-Invalidation', groups);
  return new Response('ok', { headers });
}

interface Timer { at: number; run: () => void }

/** One machine: its clocks, its timers, its locks and channels. */
export class World {
  monotonic = 1000;
  wall = 1_700_000_000_000;
  random = (): number => 0.5;
  readonly calls: FakeCall[] = [];
  readonly sockets: FakeSocket[] = [];
  readonly locks = new FakeLocks();
  readonly tabs: Tab[] = [];
  /** What the last timer was set to. */
  lastDelay = 0;
  #timers = new Set<Timer>();

  tab(): Tab {
    const tab = new Tab(this);
    this.tabs.push(tab);
    return tab;
  }

  get socket(): FakeSocket { return this.sockets.at(-1)!; }
  get call(): FakeCall { return this.calls.at(-1)!; }

  setTimeout(run: () => void, milliseconds: number): Timer {
    this.lastDelay = milliseconds;
    const timer = { at: this.monotonic + milliseconds, run };
    this.#timers.add(timer);
    return timer;
  }

  clearTimeout(timer: unknown): void { this.#timers.delete(timer as Timer); }

  async advance(milliseconds: number): Promise<void> {
    const end = this.monotonic + milliseconds;
    for (;;) {
      const next = [...this.#timers].sort((a, b) => a.at - b.at)[0];
      if (!next || next.at > end) break;
      const step = Math.max(0, next.at - this.monotonic);
      this.monotonic += step;
      this.wall += step;
      this.#timers.delete(next);
      next.run();
      await settle();
    }
    this.wall += end - this.monotonic;
    this.monotonic = end;
    await settle();
  }

  /** The machine sleeps: no timer runs, and the monotonic clock may stand still. */
  sleep(milliseconds: number, monotonicToo = false): void {
    this.wall += milliseconds;
    if (monotonicToo) this.monotonic += milliseconds;
  }
}

export class Tab {
  visible = true;
  dead = false;
  frozen = false;
  readonly clients: Client[] = [];
  readonly channels: FakeChannel[] = [];
  readonly #listeners = new Map<string, Set<() => void>>();

  constructor(readonly world: World) {}

  environment(parts: Partial<Environment> = {}): Environment {
    const { world } = this;
    // eslint-disable-next-line @typescript-eslint/no-this-alias
    const tab = this;
    return {
      fetch: request => {
        const call = new FakeCall(request);
        world.calls.push(call);
        return call.answered;
      },
      WebSocket: class extends FakeSocket {
        constructor(url: string, protocols: string[]) {
          super(url, protocols);
          world.sockets.push(this);
        }
      },
      BroadcastChannel: class extends FakeChannel {
        constructor(name: string) { super(name, tab); }
      },
      navigator: { locks: { request: (name, options, held) => world.locks.request(name, options, held, tab) } },
      setTimeout: (run, milliseconds) => world.setTimeout(() => { if (!tab.dead && !tab.frozen) run(); }, milliseconds),
      clearTimeout: timer => world.clearTimeout(timer),
      performance: { now: () => world.monotonic },
      Date: { now: () => world.wall },
      Math: { random: () => world.random() },
      addEventListener: (event, heard, { signal }) => {
        const set = this.#listeners.get(event) ?? new Set();
        this.#listeners.set(event, set.add(heard));
        signal.addEventListener('abort', () => set.delete(heard));
      },
      document: { get visibilityState() { return tab.visible ? 'visible' : 'hidden'; } },
      location: { href: `${origin}/page` },
      ...parts,
    };
  }

  client(options: Partial<ClientOptions> = {}, parts: Partial<Environment> = {}): Client {
    const client = createClient({ events: '/ws/cache-events', environment: this.environment(parts), ...options });
    this.clients.push(client);
    return client;
  }

  fire(event: 'online' | 'offline' | 'visibilitychange'): void {
    for (const heard of [...this.#listeners.get(event) ?? []]) heard();
  }

  /** The tab is gone, without a word: its timers, sockets and channels too, and the browser takes its locks back. */
  async die(): Promise<void> {
    this.dead = true;
    for (const channel of this.channels) channel.gone = true;
    this.world.locks.forget(this);
    await settle();
  }
}

class FakeChannel implements Channel {
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

export type { FakeChannel };

interface Waiting { tab: Tab; name: string; held: () => Promise<void>; resolve: (v: unknown) => void; reject: (e: unknown) => void }

class FakeLocks {
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
