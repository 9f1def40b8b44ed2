// One WebSocket to the server's events: events protocol E3, E5, E6, and the rules for reconnecting, E8.5 to E8.7.

import type { Contact } from './contact';
import { moment, since, type Moment } from './elapsed';
import type { Environment, Socket } from './environment';
import { parseMessage, type Message } from './messages';

/** Gives the bearer token; null for none. Asked before each attempt to connect. */
export type TokenSource = () => string | null | undefined | Promise<string | null | undefined>;

/** Who hears what the server said, in order. */
export interface Sink {
  /** Position to resume from: all messages up to it were heard. Empty when none. */
  resumeFrom(): string;
  heard(message: Message, text: unknown): void;
  /** The connection ended; what comes next comes after `ready`. */
  lost(): void;
  /** The server refuses this identity; nothing more will come. */
  stopped(code: number, reason: string): void;
}

export interface Connection {
  /** The network came back or the machine woke: connect now, or find out whether the connection lives. */
  wake(): void;
  /** The network is gone: do not wait for silence to show it. */
  offline(): void;
  /** Nothing happens after this, unless woken. */
  close(): void;
}

const subprotocol = 'freshet.v1';
const firstDelay = 500;
const longestDelay = 30_000;
const tokenExpired = 4401;
const rightsChanged = 4403;

export function connect(env: Environment, address: URL, tokenSource: TokenSource | undefined, contact: Contact, sink: Sink): Connection {
  let socket: Socket | null = null;
  let turn = 0; // of the attempt to connect; what belongs to an older one is ignored
  let ready: Moment | null = null;
  let failures = 0;
  let retry: unknown;
  let watch: unknown;

  const lapsed = (): boolean => contact.left() <= 0;

  const open = async (): Promise<void> => {
    env.clearTimeout(retry);
    const mine = ++turn;
    let made: Socket;
    try {
      const token = await tokenSource?.();
      if (mine !== turn) return;
      const url = new URL(address);
      const position = sink.resumeFrom();
      if (position) url.searchParams.set('position', position);
      // A browser cannot send Authorization with a WebSocket: the token travels as a second subprotocol (E3).
      made = new env.WebSocket(url.href, token ? [subprotocol, `freshet.bearer.${base64Url(token)}`] : [subprotocol]);
    } catch {
      // No token or no socket now is like no network now: the next attempt asks again.
      if (mine === turn) later(false);
      return;
    }
    socket = made;
    contact.last = moment(env);
    made.onmessage = ({ data }) => { if (socket === made) receive(data); };
    made.onclose = ({ code, reason }) => { if (socket === made) ended(code, reason); };
    arm();
  };

  const receive = (text: unknown): void => {
    // Messages that queued up while the page was frozen tell nothing about now; resuming does.
    if (lapsed()) {
      lose(true);
      return;
    }
    const message = parseMessage(text);
    contact.hear(message);
    if (message.type === 'ready') {
      ready ??= contact.last;
      arm();
    }
    sink.heard(message, text);
    if (message.type === 'unreadable') lose(false);
  };

  const ended = (code: number, reason: string): void => {
    if (code !== rightsChanged) {
      lose(code === tokenExpired);
      return;
    }
    drop();
    sink.stopped(code, reason);
  };

  /** Ends the connection, if there is one, and connects again: at once if that is promising, else after a while. */
  const lose = (atOnce: boolean): void => {
    if (!socket) return;
    // Only a connection that lasted counts as a success: one that is accepted and thrown out must not be tried in a loop.
    if (ready && since(env, ready) >= contact.heartbeat) failures = 0;
    drop();
    later(atOnce && !failures);
    sink.lost();
  };

  const later = (atOnce: boolean): void => {
    const most = Math.min(longestDelay, firstDelay * 2 ** failures++);
    retry = env.setTimeout(() => void open(), atOnce ? 0 : env.Math.random() * most);
  };

  const drop = (): void => {
    const old = socket;
    socket = ready = null;
    contact.ready = false;
    turn++;
    env.clearTimeout(retry);
    env.clearTimeout(watch);
    if (!old) return;
    old.onmessage = old.onclose = null;
    old.close(); // of one that is closed already this does nothing
  };

  // Half a heartbeat is fine enough: trust itself is judged by the clocks whenever it is used.
  const arm = (): void => {
    env.clearTimeout(watch);
    watch = env.setTimeout(() => {
      if (lapsed()) {
        lose(false);
        return;
      }
      if (contact.silence() >= contact.heartbeat) ping();
      arm();
    }, contact.heartbeat / 2);
  };

  // The server takes 20 messages in 10 s (E5): a page shown and hidden in a hurry must not use them up.
  const ping = (): void => {
    if (ready && contact.silence() >= 1000) socket?.send('{"type":"ping"}');
  };

  const wake = (): void => {
    if (!socket) void open();
    else if (lapsed()) lose(true);
    else ping();
  };

  void open();
  return {
    wake,
    offline: () => lose(false),
    close: drop,
  };
}

function base64Url(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
