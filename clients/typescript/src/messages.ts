// Messages of the server: contract section 4.

import { touchedBy, type Touched } from './groups';
import { nowhere, parsePosition, type Position } from './position';

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

export type Message =
  | { readonly type: 'ready'; readonly position: Position; readonly heartbeat: number; readonly resumed: boolean }
  | { readonly type: 'cache_invalidation'; readonly position: Position; readonly touched: Touched; readonly change: Change }
  | { readonly type: 'resync'; readonly position: Position }
  /** A heartbeat, or a type of a later version: it shows contact and nothing else. */
  | { readonly type: 'heartbeat'; readonly position: Position };

const mostCharacters = 262144;

/** Null for what no server of this protocol sends. It may hide a touch, so the caller must not just pass it over. */
export function parseMessage(text: unknown): Message | null {
  let message: unknown;
  try {
    const json = String(text); // of a binary frame something that is no JSON
    message = json.length > mostCharacters || JSON.parse(json);
  } catch {
    return null;
  }
  if (!isObject(message) || typeof message.type !== 'string') return null;
  const { type, data = {} } = message;
  if (!isObject(data)) return null;
  const position = parsePosition(data.position);
  if (type === 'ready') {
    // Between 1 s and 5 min, whatever is asked for: the client's timers and its trust hang on it.
    return { type, position, heartbeat: Math.min(Math.max(Number(data.heartbeat) || 10, 1), 300), resumed: data.resumed === true };
  }
  if (type === 'resync') return { type, position };
  if (type !== 'cache_invalidation') return { type: 'heartbeat', position: nowhere };
  if (!areTexts(data.tags)) return null;
  return {
    type,
    position,
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
