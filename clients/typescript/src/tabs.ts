// One connection for all tabs of a browser and identity. A Web Lock elects the tab that leads: it alone has a WebSocket,
// and repeats what the server says on a BroadcastChannel, numbered. A tab that dies gives up its lock, and the next one
// resumes from the position up to which it heard everything. Where Locks or BroadcastChannel are missing, or no identity
// was given, each client leads itself.
//
// On the channel (t = kind):
//   hi     a tab asks the leader where the numbering stands         { nonce }
//   state  the leader's answer                                      { nonce, term, n, position, known, live, heartbeat, at }
//   lead   a tab took the lead; numbers begin again
//   m      what the server said, as text                            { term, n, text, at }
//          text null: the connection was lost
//   stop   the server refuses the identity                          { code, reason }
//   write  a write of any tab touched this                          { groups, told, position }
//   wake   a tab sees the network or the user come back

import { connect, type Connection, type TokenSource } from './connection';
import { makeContact } from './contact';
import { moment, since } from './elapsed';
import type { Environment } from './environment';
import type { Written } from './fetch';
import { parseMessage, type Message } from './messages';
import { latest, type Position } from './position';

/** The client, as its tabs see it. */
export interface Hub {
  /** The position up to which everything was heard. */
  heardTo(): Position;
  /** What no answer may be from before. */
  known(): Position;
  heard(message: Message): void;
  lost(): void;
  stopped(code: number, reason: string): void;
  /** Something may have been missed: take everything as touched, and go on from here. */
  missed(position: Position): void;
  written(done: Written): void;
}

export interface Tabs {
  /** In contact, by the connection of this tab or of the one that leads. */
  live(): boolean;
  /** Milliseconds until two heartbeats are over since the last word. */
  left(): number;
  /** Tells the other tabs what a write of this one touched. */
  share(done: Written): void;
  close(): void;
}

type Words = { t: string } & Record<string, unknown>;

export function joinTabs(env: Environment, url: URL, token: TokenSource | undefined, name: string | null, hub: Hub): Tabs {
  const locks = env.navigator?.locks;
  const channel = name !== null && locks && env.BroadcastChannel ? new env.BroadcastChannel(name) : null;
  const release = new AbortController();
  const contact = makeContact(env);
  let connection: Connection | null = null;
  let leave: (() => void) | null = null; // gives the lock back
  let term: unknown = null; // of the leader: this tab's own, or the one it follows without a gap
  let n = 0;
  let nonce: number | null = null; // of the question that waits for its answer
  let asked = contact.last;
  let watch: unknown;
  let closed = false;

  const post = (words: Words): void => { if (!closed) channel?.postMessage(words); };

  const close = (): void => {
    if (closed) return;
    closed = true;
    env.clearTimeout(watch);
    connection?.close();
    release.abort();
    leave?.();
    if (channel) {
      channel.onmessage = null;
      channel.close();
    }
  };

  const elect = (steal: boolean): void => {
    const held = (): Promise<void> => new Promise(resolve => {
      if (closed || connection) {
        resolve();
        return;
      }
      leave = resolve;
      lead();
    });
    // A request that steals takes no signal; it is granted at once.
    locks!.request(name!, steal ? { steal } : { signal: release.signal }, held).catch(() => {
      if (closed) return;
      if (!leave) {
        // Not held, not closed: this page may not use locks at all.
        if (!connection) lead();
        return;
      }
      // Another tab found this one silent and took the lead.
      connection?.close();
      connection = leave = null;
      nonce = null;
      fallBehind();
      elect(false);
      arm();
    });
  };

  const lead = (): void => {
    env.clearTimeout(watch);
    contact.ready = false;
    n = 0;
    term = env.Math.random();
    const repeat = (text: unknown): void => post({ t: 'm', term, n: ++n, text, at: contact.last[1] });
    post({ t: 'lead' });
    connection = connect(env, url, token, contact, {
      resumeFrom: hub.heardTo,
      heard(message, text) { hub.heard(message); repeat(text); },
      lost() { hub.lost(); repeat(null); },
      stopped(code, reason) { post({ t: 'stop', code, reason }); close(); hub.stopped(code, reason); },
    });
  };

  const overhear = (words: Words): void => {
    const { t, groups, told, position } = words;
    if (t === 'write') {
      hub.written({ touched: Array.isArray(groups) ? groups.map(String) : null, told: latest(told), position: latest(position) });
    } else if (connection) {
      if (t === 'wake') connection.wake();
      if (t !== 'hi') return;
      post({
        t: 'state', nonce: words.nonce, term, n, position: hub.heardTo(), known: hub.known(),
        live: contact.live(), heartbeat: contact.heartbeat, at: contact.last[1],
      });
    } else if (t === 'state') {
      if (nonce && words.nonce === nonce) join(words);
    } else if (t === 'stop') {
      close();
      hub.stopped(words.code as number, words.reason as string);
    } else if (t === 'lead') {
      nonce = null; // whoever was asked before leads no more
      fallBehind();
    } else if (t === 'm') {
      if (words.term !== term || Number(words.n) > n + 1) fallBehind();
      else if (words.n === n + 1) follow(words);
    }
  };

  const follow = ({ text, at }: Words): void => {
    n++;
    if (text === null) {
      contact.ready = false;
      hub.lost();
    } else {
      hear(parseMessage(text), at);
    }
  };

  /** The leader said where the numbering stands; what this tab did not hear until there counts as missed. */
  const join = (state: Words): void => {
    const position = latest(state.position);
    hub.written({ touched: [], told: '', position: latest(state.known) });
    const live = state.live === true;
    // Nowhere is a place like others only while contact, which tells where it begins, is still to come.
    const heardAll = (state.term === term && state.n === n) || (position === hub.heardTo() && (position !== '' || !live));
    nonce = null;
    term = state.term;
    n = Number(state.n);
    contact.ready = false;
    if (!heardAll) hub.missed(position);
    if (live) hear({ type: 'ready', position, gap: false, heartbeat: Number(state.heartbeat) }, state.at);
  };

  // All tabs read one clock on the wall, so a message that waited in the queue of a frozen page shows its age.
  const hear = (message: Message, at: unknown): void => {
    contact.hear(message, Math.max(0, env.Date.now() - Number(at)));
    hub.heard(message);
  };

  const fallBehind = (): void => {
    contact.ready = false;
    term = null;
    hub.lost();
    ask();
  };

  const ask = (): void => {
    if (closed || connection || (nonce && since(env, asked) < 1000)) return;
    nonce = env.Math.random();
    asked = moment(env);
    post({ t: 'hi', nonce });
  };

  const arm = (): void => {
    env.clearTimeout(watch);
    watch = env.setTimeout(() => {
      if (!contact.live()) {
        // A leader that does not even answer is frozen: the tab that the user looks at takes its place.
        if (nonce && since(env, asked) >= contact.heartbeat / 4 && env.document?.visibilityState !== 'hidden') elect(true);
        else ask();
      }
      arm();
    }, contact.heartbeat / 2);
  };

  const back = (): void => {
    if (connection) connection.wake();
    else post({ t: 'wake' });
    ask();
  };

  const on = (event: string, run: () => void): void => env.addEventListener?.(event, run, release);
  on('online', back);
  on('visibilitychange', () => { if (env.document?.visibilityState === 'visible') back(); });
  on('offline', () => connection?.offline());
  if (channel) {
    channel.onmessage = ({ data }) => { if (!closed && data && typeof data === 'object') overhear(data as Words); };
    ask();
    elect(false);
    arm();
  } else {
    lead();
  }
  return {
    live: contact.live,
    left: contact.left,
    share: ({ touched, told, position }) => post({ t: 'write', groups: touched, told, position }),
    close,
  };
}
