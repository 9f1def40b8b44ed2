// Messages of the server: events protocol E4.

import { touchedBy, type Touched } from './groups';
import { latest, type Position } from './position';

/** What the server says changed. `resync` is the client's own word: something was missed, so anything may have changed. */
export type ChangeAction = 'created' | 'updated' | 'deleted' | 'bulk_operation' | 'invalidated' | 'resync' | (string & {});

/** One change, as listeners get it. */
export interface Change {
  /** The kind of what changed; null when several did, or it has no name. */
  readonly entity: string | null;
  readonly id: string | null;
  readonly action: ChangeAction;
  /** All kinds touched; may be empty. */
  readonly entities: readonly string[];
  /** When the server's node learned of it: for people, never for decisions. */
  readonly time: string | null;
}

export type Message = {
  readonly position: Position;
  /** Something may have been missed: everything that is kept counts as touched. */
  readonly gap: boolean;
} & (
  /** Milliseconds. */
  | { readonly type: 'ready'; readonly heartbeat: number }
  | { readonly type: 'cache_invalidation'; readonly touched: Touched; readonly change: Change }
  /** `heartbeat` also stands for a type of a later version: it shows contact and nothing else. */
  | { readonly type: 'resync' | 'unreadable' | 'heartbeat' }
);

const mostCharacters = 262144;

/** What no server of this protocol sends is `unreadable`: it may hide a touch, so it is a gap that leads nowhere (E8.6). */
export function parseMessage(text: unknown): Message {
  const unreadable: Message = { type: 'unreadable', position: '', gap: true };
  let message: unknown;
  try {
    const json = String(text); // of a binary frame something that is no JSON
    message = json.length > mostCharacters || JSON.parse(json);
  } catch {
    return unreadable;
  }
  if (!isObject(message) || typeof message.type !== 'string') return unreadable;
  const { type, data = {} } = message;
  if (!isObject(data)) return unreadable;
  const position = latest(data.position);
  if (type === 'ready') {
    // Between 1 s and 5 min, whatever is asked for: the client's timers and its trust hang on it.
    return { type, position, gap: data.resumed !== true, heartbeat: 1000 * Math.min(Math.max(Number(data.heartbeat) || 10, 1), 300) };
  }
  if (type === 'resync') return { type, position, gap: true };
  if (type !== 'cache_invalidation') return { type: 'heartbeat', position: '', gap: false };
  if (!areTexts(data.tags)) return unreadable;
  return {
    type,
    position,
    gap: false,
    touched: touchedBy(data.tags),
    change: {
      entity: textOf(data.entity),
      id: textOf(data.id),
      action: textOf(data.action) ?? 'invalidated',
      entities: areTexts(data.entities) ? data.entities : [],
      time: textOf(data.time),
    },
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function areTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(item => typeof item === 'string');
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
