// Contact: events protocol E8.2. Nothing is kept in trust longer than two heartbeats after the server's last word.

import { moment, since, type Moment } from './elapsed';
import type { Environment } from './environment';
import type { Message } from './messages';

/** What this tab, or the one that leads it, has heard of the server. */
export interface Contact {
  /** Told what was missed, and not cut off since. */
  ready: boolean;
  /** Milliseconds. */
  heartbeat: number;
  /** When the server was last heard, or asked to speak. */
  last: Moment;
  /** The server's word came, so many milliseconds ago. */
  hear(message: Message, ago?: number): void;
  silence(): number;
  /** Milliseconds until two heartbeats are over since the last word. */
  left(): number;
  live(): boolean;
}

export function makeContact(env: Environment): Contact {
  const contact: Contact = {
    ready: false,
    heartbeat: 10_000,
    last: moment(env),
    hear(message, ago) {
      contact.last = moment(env, ago);
      if (message.type !== 'ready') return;
      contact.heartbeat = message.heartbeat;
      contact.ready = true;
    },
    silence: () => since(env, contact.last),
    left: () => 2 * contact.heartbeat - contact.silence(),
    live: () => contact.ready && contact.left() > 0,
  };
  return contact;
}
