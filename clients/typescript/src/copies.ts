// The answers kept in this tab: bounded in number and bytes, least recently used out first.

import type { Moment } from './elapsed';
import { concerns, type Touched } from './groups';
import { isAfter, type Position } from './position';

export interface Copy {
  readonly key: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: ArrayBuffer;
  readonly groups: ReadonlySet<string>;
  /** No record up to here concerns it. */
  readonly place: Position;
  /** Request header fields that the answer's Vary names, with the values that selected it. */
  readonly vary: readonly (readonly [name: string, value: string | null])[];
  readonly sent: Moment;
  /** Milliseconds after sent. */
  readonly lifetime: number;
  /** False once a group of it was touched: then only its body and entity tag are of use. */
  live: boolean;
}

export interface Copies {
  get(key: string): Copy | undefined;
  set(copy: Copy): void;
  /** Takes one out, if it is still the one kept under its key. */
  delete(copy: Copy): void;
  /** What was told up to a position: ends the use without a call of every copy whose concern it is. */
  touch(touched: Touched, position: Position): void;
  /** Forgets everything and keeps nothing from now on. */
  close(): void;
}

export function makeCopies(maxEntries: number, maxBytes: number): Copies {
  const byKey = new Map<string, Copy>();
  let bytes = 0;

  const remove = (copy: Copy): void => {
    if (byKey.get(copy.key) !== copy) return;
    byKey.delete(copy.key);
    bytes -= sizeOf(copy);
  };

  return {
    get(key) {
      const copy = byKey.get(key);
      if (copy) {
        byKey.delete(key);
        byKey.set(key, copy);
      }
      return copy;
    },
    set(copy) {
      const old = byKey.get(copy.key);
      // No step back: an answer that a touch overtook does not replace one that none did.
      if (old?.live && !copy.live) return;
      if (old) remove(old);
      // It would push everything else out, and then itself.
      if (sizeOf(copy) > maxBytes) return;
      byKey.set(copy.key, copy);
      bytes += sizeOf(copy);
      for (const oldest of byKey.values()) {
        if (byKey.size <= maxEntries && bytes <= maxBytes) break;
        remove(oldest);
      }
    },
    delete: remove,
    touch(touched, position) {
      for (const copy of byKey.values()) {
        if (concerns(touched, copy.groups) && isAfter(position, copy.place)) copy.live = false;
      }
    },
    close() {
      maxEntries = 0;
      byKey.clear();
    },
  };
}

// Beside the body, roughly: the map's node, the headers, the strings.
function sizeOf(copy: Copy): number {
  return 512 + copy.body.byteLength + 2 * (copy.key.length + copy.url.length) + 64 * copy.groups.size;
}
