import { makeCopies } from './copies';
import type { TokenSource } from './connection';
import type { Environment } from './environment';
import { overtake, wrapFetch, type Flight, type Stats } from './fetch';
import type { Touched } from './groups';
import type { Change } from './messages';
import { latest, unsettled, type Position } from './position';
import { makeReadings, type Tracking } from './readings';
import { joinTabs, type Hub, type Tabs } from './tabs';

export interface ClientOptions {
  /** Address of the server's events; relative to the page, or absolute. Its origin is the only one whose answers are kept. */
  events: string | URL;
  /** Gives the bearer token for the events' connection, asked at each attempt. Leave out when cookies authenticate. */
  token?: TokenSource;
  /**
   * Names the signed-in user, the same in every tab; not a secret. Tabs of one identity share one connection. Without it
   * each client has its own, because tabs cannot know that they belong together. When the user changes, close this client
   * and make another one.
   */
  identity?: string;
  /** Called in place of the global fetch. */
  fetch?: (request: Request) => Promise<Response>;
  /** Most answers kept; 500 unless told. 0 keeps none. */
  maxEntries?: number;
  /** Most bytes kept; 8 MiB unless told. */
  maxBytes?: number;
  /** In place of the global scope, for tests. */
  environment?: Environment;
}

/**
 * `connecting`: not in contact, every call goes to the server. `live`: in contact. `stopped`: the server refuses this
 * user; nothing is kept. `closed`: by `close()`.
 */
export type Status = 'connecting' | 'live' | 'stopped' | 'closed';

export type ChangeListener = (change: Change) => void;
export type StatusListener = (status: Status, reason?: { code: number; text: string }) => void;

export interface Client {
  /** As the global one, for the origin of the events with copies; every other call goes through untouched. */
  readonly fetch: typeof fetch;
  /**
   * Calls back with each change; `{ entity }` keeps the others out. After a gap, `action` is `resync`: anything may have
   * changed. Gives what ends it.
   */
  subscribe(listener: ChangeListener): () => void;
  subscribe(filter: { entity: string }, listener: ChangeListener): () => void;
  readonly status: Status;
  onStatus(listener: StatusListener): () => void;
  readonly stats: Readonly<Stats>;
  readonly tracking: Tracking;
  /** Ends the connection and forgets every answer. Calls of `fetch` go to the server from then on. */
  close(): void;
}

const resync: Change = { entity: null, id: null, action: 'resync', entities: [], time: null };

/** @throws TypeError when the address of the events is none. */
export function createClient(options: ClientOptions): Client {
  const env = options.environment ?? globalThis as unknown as Environment;
  const url = new URL(options.events, env.location?.href);
  const origin = url.origin.replace(/^ws/, 'http');
  url.protocol = url.protocol.replace(/^http/, 'ws');

  const copies = makeCopies(options.maxEntries ?? 500, options.maxBytes ?? 8 << 20);
  const flights = new Set<Flight>();
  const readings = makeReadings();
  const stats: Stats = { calls: 0, saved: 0, notModified: 0, events: 0 };
  const changeListeners = new Set<(change: Change) => void>();
  const statusListeners = new Set<StatusListener>();
  const touchListeners = new Set<(touched: Touched) => void>();
  // Two positions, because a write's answer tells of one record and not of those before it: `heard` is what the events
  // have told in full, to resume from; `known` is the latest seen anywhere, which no answer may be from before.
  let heard: Position = '', known: Position = '';
  let told: Status = 'connecting';
  let ended: 'stopped' | 'closed' | null = null;
  let lapse: unknown;

  const notify = <A extends unknown[]>(listeners: Iterable<(...args: A) => void>, ...args: A): void => {
    for (const listener of [...listeners]) {
      try {
        listener(...args);
      } catch (error) {
        // A listener's fault is the page's to see, and must not cost the others the news.
        env.setTimeout(() => { throw error; }, 0);
      }
    }
  };

  // A function given twice is two listeners, each with its own end.
  const listen = <A extends unknown[]>(listeners: Set<(...args: A) => void>, listener: (...args: A) => void): () => void => {
    const own = (...args: A): void => listener(...args);
    listeners.add(own);
    return () => void listeners.delete(own);
  };

  const touch = (touched: Touched, position: Position): void => {
    copies.touch(touched, position);
    for (const flight of flights) overtake(flight, touched, position);
    readings.touch(touched);
    notify(touchListeners, touched);
  };

  const status = (): Status => ended ?? (tabs.live() ? 'live' : 'connecting');

  const tellStatus = (reason?: { code: number; text: string }): void => {
    const now = status();
    if (now === told) return;
    told = now;
    notify(statusListeners, now, reason);
  };

  // Past two heartbeats without a word, what is shown may be old and nobody will say so: it is asked for again.
  const expectWord = (): void => {
    env.clearTimeout(lapse);
    lapse = env.setTimeout(() => {
      if (ended) return;
      if (tabs.live()) {
        expectWord();
      } else {
        tellStatus();
        notify(touchListeners, null);
      }
    }, tabs.left());
  };

  const hub: Hub = {
    heardTo: () => heard,
    heard(message) {
      if (ended) return;
      expectWord();
      known = latest(known, message.position);
      if (message.gap) {
        hub.missed(message.position);
      } else {
        heard = latest(heard, message.position);
        if (message.type === 'cache_invalidation') {
          stats.events++;
          touch(message.touched, message.position);
          notify(changeListeners, message.change);
        }
      }
      tellStatus();
    },
    lost: () => tellStatus(),
    missed(position) {
      heard = position;
      touch(null, position);
      notify(changeListeners, resync);
    },
    known: () => known,
    written({ touched, told, position }) {
      if (ended) return;
      known = latest(known, position);
      touch(touched, told);
    },
    stopped(code, text) {
      end('stopped', { code, text });
      touch(null, '');
    },
  };

  const end = (how: 'stopped' | 'closed', reason?: { code: number; text: string }): void => {
    if (ended === 'closed') return;
    ended = how;
    env.clearTimeout(lapse);
    copies.close();
    tellStatus(reason);
  };

  const name = options.identity === undefined ? null : `freshet1 ${url.href} ${options.identity}`;
  const tabs: Tabs = joinTabs(env, url, options.token, name, hub);

  return {
    fetch: wrapFetch({
      env, send: options.fetch ?? (request => env.fetch(request)), origin, copies, flights, readings, stats,
      inContact: () => !ended && tabs.live(),
      position: () => known,
      written(done, carried) {
        known = unsettled(known, carried, done.position);
        hub.written(done);
        tabs.share(done);
      },
    }),
    subscribe(first: ChangeListener | { entity: string }, second?: ChangeListener) {
      if (typeof first === 'function') return listen(changeListeners, first);
      const { entity } = first;
      return listen(changeListeners, change => {
        if (change.action === 'resync' || change.entity === entity || change.entities.includes(entity)) second!(change);
      });
    },
    get status() { return status(); },
    onStatus: listener => listen(statusListeners, listener),
    stats,
    tracking: { ...readings, onTouched: listener => listen(touchListeners, listener) },
    close() {
      tabs.close();
      end('closed');
      touch(null, '');
    },
  };
}
