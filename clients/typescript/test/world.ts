// A world for clients under test: clocks that only the test turns, a server that only the test speaks for, and several
// tabs of one browser.

import { createClient, type Client, type ClientOptions, type Environment } from '../src/index';
import { FakeChannel, FakeLocks } from './browser';
import { FakeCall, FakeSocket, origin, settle } from './server';

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

  /** The tab goes on: what it was told meanwhile is heard now. */
  thaw(): void {
    this.frozen = false;
    for (const channel of this.channels) channel.thaw();
  }

  /** The tab is gone, without a word: its timers, sockets and channels too, and the browser takes its locks back. */
  async die(): Promise<void> {
    this.dead = true;
    for (const channel of this.channels) channel.gone = true;
    this.world.locks.forget(this);
    await settle();
  }
}
