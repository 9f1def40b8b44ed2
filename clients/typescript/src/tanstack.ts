// TanStack Query: what a query reads through the client decides when it is out of date, with no code per query.

import type { Query, QueryClient, QueryKey, StaleTime } from '@tanstack/query-core';
import type { Client } from './client';
import type { Touched } from './groups';
import type { Reading } from './readings';

type AnyQuery = Query<unknown, Error, unknown, QueryKey>;

interface Link {
  /** What the data shown was made from; null before there is any. */
  shown: Reading | null;
  /** Whether nothing of it was touched since. */
  valid: boolean;
  /** What the fetch that runs now has read. */
  running: Reading | null;
}

/**
 * Invalidates each query of the client exactly when something that it read was touched, and keeps it fresh until then
 * while the events are in contact. Covers queries made before and after, prefetched and infinite ones. A query's own
 * `staleTime` goes before. Gives what ends it.
 */
export function connectQueryClient(client: Client, queryClient: QueryClient): () => void {
  const cache = queryClient.getQueryCache();
  const links = new Map<AnyQuery, Link>();
  const { tracking } = client;
  let connected = true;

  const before = queryClient.getDefaultOptions();
  const otherwise = before.queries?.staleTime;
  const staleTime = (query: AnyQuery): StaleTime => {
    const link = links.get(query);
    if (connected && link?.valid && client.status === 'live') return link.shown!.lifetime;
    return (typeof otherwise === 'function' ? otherwise(query) : otherwise) ?? 0;
  };
  queryClient.setDefaultOptions({ ...before, queries: { ...before.queries, staleTime } });

  // Every way to give a query its function leads through setOptions: made, observed, prefetched, fetched.
  const adopt = (query: AnyQuery): void => {
    const link: Link = { shown: null, valid: false, running: null };
    links.set(query, link);
    const wrap = (): void => {
      const { queryFn } = query.options;
      if (typeof queryFn !== 'function' || wrapped.has(queryFn)) return;
      const own: typeof queryFn = context => {
        if (!connected) return queryFn(context);
        const reading = link.running ??= tracking.open();
        // Reading the signal tells the query that its function can be aborted, so it is read only when the function does.
        const properties: PropertyDescriptorMap = {
          ...Object.getOwnPropertyDescriptors(context),
          signal: { enumerable: true, get: () => tracking.run(reading, context.signal, () => context.signal) },
        };
        return tracking.run(reading, undefined, () => queryFn(Object.defineProperties({}, properties) as typeof context));
      };
      wrapped.add(own);
      query.options.queryFn = own;
    };
    const setOptions = query.setOptions;
    query.setOptions = options => {
      setOptions.call(query, options);
      wrap();
    };
    wrap();
  };

  const invalidate = (touched: (query: AnyQuery) => boolean): void => {
    // A fetch that runs is not thrown away, or frequent changes would never let one end; it is judged when it ends.
    void queryClient.invalidateQueries({ predicate: query => touched(query as AnyQuery) }, { cancelRefetch: false });
  };

  const onTouched = (touched: Touched): void => {
    const hit = new Set<AnyQuery>();
    for (const [query, link] of links) {
      if (!link.shown || (touched && !touched.some(group => link.shown!.groups.has(group)))) continue;
      link.valid = false;
      hit.add(query);
    }
    if (hit.size) invalidate(query => hit.has(query));
  };

  const ended = (link: Link): void => {
    if (link.running) tracking.close(link.running);
    link.running = null;
  };

  const started = (query: AnyQuery, link: Link, meta: { fetchMore?: unknown } | null | undefined): void => {
    ended(link);
    const reading = link.running = tracking.open();
    if (!meta?.fetchMore || !link.shown) return;
    // One page more: the others stay as they are, and so does what is wrong with them.
    reading.used = true;
    reading.complete = link.shown.complete;
    reading.lifetime = link.shown.lifetime;
    for (const group of link.shown.groups) reading.groups.add(group);
    reading.touched = query.state.isInvalidated;
  };

  const succeeded = (query: AnyQuery, link: Link): void => {
    const reading = link.running;
    ended(link);
    link.shown = reading?.used ? reading : null;
    link.valid = !!reading && reading.used && reading.complete && !reading.touched && !reading.pending;
    // After the fetch has settled in full, so that this is another one.
    if (reading?.touched) queueMicrotask(() => { if (connected && link.shown === reading) invalidate(q => q === query); });
  };

  const endEvents = cache.subscribe(event => {
    const query = event.query as AnyQuery;
    if (event.type === 'added') adopt(query);
    const link = links.get(query);
    if (!link) return;
    if (event.type === 'removed') {
      ended(link);
      links.delete(query);
    } else if (event.type === 'updated') {
      const { action } = event;
      if (action.type === 'fetch') started(query, link, action.meta as { fetchMore?: unknown } | undefined);
      else if (action.type === 'success' && !action.manual) succeeded(query, link);
      else if (action.type === 'error' || (action.type === 'setState' && query.state.fetchStatus === 'idle')) ended(link);
    }
  });
  const endTouches = tracking.onTouched(onTouched);
  for (const query of cache.getAll()) adopt(query as AnyQuery);

  return () => {
    connected = false;
    endEvents();
    endTouches();
    for (const [query, link] of links) {
      ended(link);
      delete (query as Partial<AnyQuery>).setOptions;
    }
    links.clear();
    const now = queryClient.getDefaultOptions();
    queryClient.setDefaultOptions({ ...now, queries: { ...now.queries, staleTime: otherwise } as typeof now.queries & object });
  };
}

// Functions that were wrapped already: options travel from query to query, as with ensureQueryData.
const wrapped = new WeakSet<object>();
