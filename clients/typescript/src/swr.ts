// SWR: keys are validated again exactly when something that their fetcher read was touched.

import { useEffect, useRef } from 'react';
import { unstable_serialize as serialize, type Cache, type Middleware } from 'swr';
import { infinite, unstable_serialize as serializeInfinite } from 'swr/infinite';
import type { Client } from './client';
import type { Touched } from './groups';
import type { Reading } from './readings';

interface Link {
  /** What the data shown was made from: one reading, or one of each page of an infinite key. */
  readonly parts: Map<string, Reading>;
  /** Whether something was touched while fetches ran, so that another one has to follow them. */
  again: boolean;
  /** Fetches that run now. */
  readonly running: Set<Reading>;
  /** How each mounted hook of the key validates it again. */
  readonly mounted: Set<() => void>;
}

/**
 * For `use` of an SWR configuration. Validates a key again exactly when something that it read through the client was
 * touched, and keeps it fresh until then (no validation on mount, focus or reconnect) while the events are in contact.
 */
export function freshetMiddleware(client: Client): Middleware {
  const { tracking } = client;
  const caches = new WeakMap<Cache, Map<string, Link>>();
  const all = new Set<WeakRef<Map<string, Link>>>();

  const linkOf = (cache: Cache, key: string): Link => {
    let links = caches.get(cache);
    if (!links) {
      caches.set(cache, links = new Map());
      all.add(new WeakRef(links));
    }
    let link = links.get(key);
    if (!link) links.set(key, link = { parts: new Map(), again: false, running: new Set(), mounted: new Set() });
    return link;
  };

  const isFresh = ({ parts }: Link): boolean =>
    client.status === 'live' && parts.size > 0 && [...parts.values()].every(part => part.complete && !part.touched && !part.pending);

  // One hook's validation is the key's: SWR gives its answer to all of them. A fetch that runs is not thrown away, or
  // frequent changes would never let one end; it is judged when it ends.
  const validate = (link: Link): void => {
    link.again = link.running.size > 0;
    if (!link.again) [...link.mounted][0]?.();
  };

  tracking.onTouched((touched: Touched) => {
    for (const links of all) {
      const map = links.deref();
      if (!map) all.delete(links);
      for (const link of map?.values() ?? []) {
        const hit = [...link.parts.values()].filter(part => !touched || touched.some(group => part.groups.has(group)));
        for (const part of hit) part.touched = true;
        if (hit.length) validate(link);
      }
    }
  });

  const settled = (link: Link, part: string, reading: Reading, failed: boolean): void => {
    tracking.close(reading);
    link.running.delete(reading);
    if (!failed) {
      if (reading.used) link.parts.set(part, reading);
      else link.parts.delete(part);
    }
    link.again ||= reading.touched;
    // A timer's turn later SWR has stored what the fetcher gave, or asked for the next page.
    if (link.again) setTimeout(() => { if (link.again) validate(link); }, 0);
  };

  return useNext => (key, fetcher, config) => {
    const { use, cache } = config as typeof config & { use?: unknown[]; cache: Cache };
    const isInfinite = use?.includes(infinite) ?? false;
    const name = nameOf(key, isInfinite);
    const link = name ? linkOf(cache, name) : null;

    const run = (...args: unknown[]): unknown => {
      const reading = tracking.open();
      const part = isInfinite ? serialize(args) : '';
      link!.running.add(reading);
      let answer: unknown;
      try {
        answer = tracking.run(reading, undefined, () => (fetcher as unknown as (...args: unknown[]) => unknown)(...args));
      } catch (error) {
        settled(link!, part, reading, true);
        throw error;
      }
      if (!(answer instanceof Promise)) {
        settled(link!, part, reading, false);
        return answer;
      }
      return answer.then(
        value => { settled(link!, part, reading, false); return value; },
        error => { settled(link!, part, reading, true); throw error; },
      );
    };

    // Read by SWR when it wants to know, not when the hook was rendered: contact may have ended since.
    const unlessFresh = (name: 'revalidateIfStale' | 'revalidateOnFocus' | 'revalidateOnReconnect'): PropertyDescriptor =>
      ({ enumerable: true, get: () => (link && isFresh(link) ? false : config[name]) });
    const tuned = Object.defineProperties({ ...config }, {
      revalidateIfStale: unlessFresh('revalidateIfStale'),
      revalidateOnFocus: unlessFresh('revalidateOnFocus'),
      revalidateOnReconnect: unlessFresh('revalidateOnReconnect'),
    });

    const swr = useNext(key, fetcher && link ? run as typeof fetcher : fetcher, tuned);
    const mutate = useRef(swr.mutate);
    useEffect(() => { mutate.current = swr.mutate; });
    useEffect(() => {
      if (!link) return;
      const again = (): void => void mutate.current();
      link.mounted.add(again);
      // It was touched while no hook showed it; SWR would take a fetch of two seconds ago for new enough.
      if ([...link.parts.values()].some(part => part.touched)) validate(link);
      return () => void link.mounted.delete(again);
    }, [link]);
    return swr;
  };
}

function nameOf(key: unknown, isInfinite: boolean): string {
  try {
    return isInfinite ? serializeInfinite(key as never) : serialize(key as never);
  } catch {
    return ''; // not ready yet; SWR reads a key that throws the same way
  }
}
