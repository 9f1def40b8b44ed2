import { InfiniteQueryObserver, QueryClient, QueryObserver } from '@tanstack/query-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Client } from '../src/index';
import { connectQueryClient } from '../src/tanstack';
import { at, kept, origin, settle, World, written } from './world';

let world: World;
let client: Client;
let queries: QueryClient;
let disconnect: () => void;
const ends: (() => void)[] = [];

/** What each address has now; answered at once unless held. */
const server = new Map<string, { body: string; groups: string[] }>();
const asked: string[] = [];
let hold = false;

function read(path: string, init?: RequestInit): Promise<string> {
  return client.fetch(`${origin}/${path}`, init).then(answer => answer.text());
}

function show(key: string, queryFn: (context: { signal: AbortSignal }) => Promise<unknown> = () => read(key), more: object = {}): { data: () => unknown; refocus: () => Promise<void> } {
  const observer = new QueryObserver(queries, { queryKey: [key], queryFn, retry: false, ...more } as never);
  ends.push(observer.subscribe(() => undefined));
  return { data: () => observer.getCurrentResult().data, refocus: async () => { queries.getQueryCache().onFocus(); await settle(); } };
}

async function answerAll(): Promise<void> {
  for (const call of world.calls.splice(0)) {
    const path = new URL(call.request.url).pathname.slice(1);
    const { body, groups } = server.get(path)!;
    await call.answer(kept(body, groups));
  }
  await settle();
}

/** Answers until nobody asks any more. */
async function run(): Promise<void> {
  await settle();
  for (let turn = 0; world.calls.length && !hold; turn++) {
    if (turn > 20) throw new Error('asks without end');
    await answerAll();
  }
}

function makeClient(): Client {
  const tab = world.tab();
  return tab.client({
    fetch: request => {
      asked.push(new URL(request.url).pathname.slice(1) + new URL(request.url).search);
      return tab.environment().fetch(request);
    },
  });
}

beforeEach(async () => {
  server.clear();
  asked.length = 0;
  hold = false;
  for (const key of ['a', 'b', 'c']) server.set(key, { body: `${key}1`, groups: [`g${key}`] });
  world = new World();
  client = makeClient();
  queries = new QueryClient();
  queries.mount();
  disconnect = connectQueryClient(client, queries);
  await settle();
  world.socket.ready();
});

afterEach(() => {
  for (const end of ends.splice(0)) end();
  queries.clear();
});

describe('invalidation', () => {
  test('a group is touched: exactly the queries that read it ask again', async () => {
    const a = show('a'), b = show('b');
    await run();
    expect([a.data(), b.data()]).toEqual(['a1', 'b1']);
    server.set('a', { body: 'a2', groups: ['ga'] });
    asked.length = 0;
    world.socket.touch(2, ['ga']);
    await run();
    expect([a.data(), b.data()]).toEqual(['a2', 'b1']);
    expect(asked).toEqual(['a']);
  });

  test('a query that was there before the connection, and one that is prefetched', async () => {
    disconnect();
    const a = show('a');
    disconnect = connectQueryClient(client, queries);
    await run();
    void queries.prefetchQuery({ queryKey: ['b'], queryFn: () => read('b') });
    await run();
    // the first was fetched unseen, so it is not linked yet
    void queries.refetchQueries({ queryKey: ['a'] });
    await run();
    asked.length = 0;
    world.socket.touch(2, ['ga', 'gb']);
    await run();
    expect(asked).toEqual(['a']);
    expect(queries.getQueryCache().find({ queryKey: ['b'] })!.state.isInvalidated).toBe(true);
    expect(a.data()).toBe('a1');
  });

  test('an infinite query: every page counts, also one fetched later', async () => {
    const observer = new InfiniteQueryObserver(queries, {
      queryKey: ['pages'], queryFn: ({ pageParam }: { pageParam: unknown }) => read(pageParam as string),
      initialPageParam: 'a', getNextPageParam: (_: unknown, pages: unknown[]) => ['a', 'b', 'c'][pages.length] ?? null,
    } as never);
    ends.push(observer.subscribe(() => undefined));
    await run();
    void observer.fetchNextPage();
    await run();
    expect((observer.getCurrentResult().data as unknown as { pages: string[] }).pages).toEqual(['a1', 'b1']);
    for (const [offset, group] of [[2, 'ga'], [3, 'gb'], [4, 'ga']] as const) {
      server.get(group.slice(1))!.body += '!';
      world.socket.touch(offset, [group]);
      await run();
    }
    expect((observer.getCurrentResult().data as unknown as { pages: string[] }).pages).toEqual(['a1!!', 'b1!']);
    asked.length = 0;
    world.socket.touch(5, ['gc']);
    await run();
    expect(asked).toEqual([]);
  });

  test('one page more of a list that was touched while hidden: the whole list is asked for again', async () => {
    const options = {
      queryKey: ['pages'], queryFn: ({ pageParam }: { pageParam: unknown }) => read(pageParam as string),
      initialPageParam: 'a', getNextPageParam: (_: unknown, pages: unknown[]) => ['a', 'b'][pages.length] ?? null,
    };
    const observer = new InfiniteQueryObserver(queries, options as never);
    const end = observer.subscribe(() => undefined);
    await run();
    end();
    server.set('a', { body: 'a2', groups: ['ga'] });
    world.socket.touch(2, ['ga']);
    await run();
    ends.push(new InfiniteQueryObserver(queries, { ...options, refetchOnMount: false } as never).subscribe(() => undefined));
    void observer.fetchNextPage();
    await run();
    expect(queries.getQueryData<{ pages: string[] }>(['pages'])!.pages).toEqual(['a2', 'b1']);
  });

  test('a resync: everything shown is asked for again', async () => {
    show('a'), show('b');
    await run();
    asked.length = 0;
    world.socket.say({ type: 'resync', data: { position: at(9), reason: 'trimmed' } });
    await run();
    expect(asked.sort()).toEqual(['a', 'b']);
  });

  test('an own write: is asked for at the acknowledgement; the event that tells of it costs no call', async () => {
    const a = show('a');
    await run();
    const write = client.fetch(`${origin}/w`, { method: 'PUT' });
    await settle();
    await world.calls.splice(0)[0]!.answer(written('"ga"', 7));
    await write;
    server.set('a', { body: 'a2', groups: ['ga'] });
    await run();
    expect([a.data(), asked]).toEqual(['a2', ['a', 'w', 'a']]);
    world.socket.touch(7, ['ga']);
    await run();
    expect([a.data(), asked]).toEqual(['a2', ['a', 'w', 'a']]);
  });

  test('the first load: what is answered where contact begins, or later, is asked for once', async () => {
    disconnect();
    client = makeClient();
    disconnect = connectQueryClient(client, queries);
    const a = show('a'), b = show('b');
    await settle();
    const [first, second] = world.calls.splice(0);
    await first!.answer(kept('a1', ['ga'], { 'Freshet-Position': at(1) }));
    world.socket.ready();
    await second!.answer(kept('b1', ['gb'], { 'Freshet-Position': at(2) }));
    await run();
    expect([a.data(), b.data(), asked]).toEqual(['a1', 'b1', ['a', 'b']]);
  });

  test('disconnected: nothing is invalidated, and the functions still work', async () => {
    const a = show('a');
    await run();
    disconnect();
    asked.length = 0;
    world.socket.touch(2, ['ga']);
    await run();
    expect(asked).toEqual([]);
    void queries.refetchQueries();
    await run();
    expect([asked, a.data()]).toEqual([['a'], 'a1']);
  });
});

describe('races', () => {
  test('touched between the sending and the answer: asks again after the answer', async () => {
    const a = show('a');
    await settle();
    world.socket.touch(2, ['ga']);
    const [slow] = world.calls.splice(0);
    await slow!.answer(kept('old', ['ga']));
    server.set('a', { body: 'new', groups: ['ga'] });
    await run();
    expect(a.data()).toBe('new');
  });

  test('touched while a second fetch is under way: it is not thrown away, and another one follows', async () => {
    const a = show('a');
    await run();
    world.socket.touch(2, ['ga']);
    await settle();
    const [slow] = world.calls.splice(0);
    world.socket.touch(3, ['ga']);
    await settle();
    expect(world.calls.length).toBe(0);
    await slow!.answer(kept('middle', ['ga']));
    expect(a.data()).toBe('middle');
    server.set('a', { body: 'new', groups: ['ga'] });
    await run();
    expect(a.data()).toBe('new');
  });

  test('touched by a group that only the new answer has: asks again', async () => {
    const a = show('a');
    await run();
    world.socket.touch(2, ['ga']);
    await settle();
    const [slow] = world.calls.splice(0);
    world.socket.touch(3, ['gx']);
    await slow!.answer(kept('old', ['gx']));
    server.set('a', { body: 'new', groups: ['gx'] });
    await run();
    expect(a.data()).toBe('new');
  });

  test('touched between two calls of one function: asks again', async () => {
    let go!: () => void;
    const gate = new Promise<void>(resolve => { go = resolve; });
    let runs = 0;
    const a = show('ab', async ({ signal }) => {
      const first = await read('a', { signal });
      if (!runs++) await gate;
      return first + await read('b', { signal });
    });
    await run();
    server.set('a', { body: 'a2', groups: ['ga'] });
    world.socket.touch(2, ['ga']);
    go();
    await run();
    expect([a.data(), runs]).toEqual(['a2b1', 2]);
  });

  test('set by hand while out of date and hidden: is still asked for when it is shown', async () => {
    void queries.prefetchQuery({ queryKey: ['a'], queryFn: () => read('a') });
    await run();
    world.socket.touch(2, ['ga']);
    queries.setQueryData(['a'], (old: unknown) => `${old as string}?`);
    server.set('a', { body: 'new', groups: ['ga'] });
    const a = show('a');
    await run();
    expect(a.data()).toBe('new');
  });
});

describe('attribution', () => {
  test('a call after a wait, with the signal: its own query and no other', async () => {
    const later = show('later', async ({ signal }) => { await settle(); return read('a', { signal }); });
    show('b');
    await run(), await run();
    expect(later.data()).toBe('a1');
    asked.length = 0;
    world.socket.touch(2, ['ga']);
    await run(), await run();
    expect(asked).toEqual(['a']);
  });

  test('a call after a wait, without the signal: every query that is fetching', async () => {
    hold = true;
    show('b');
    show('later', async () => { await settle(); return read('a'); });
    await settle(), await settle(), await settle();
    hold = false;
    await run();
    await settle();
    asked.length = 0;
    server.get('a')!.body = 'a2';
    world.socket.touch(2, ['ga']);
    for (let n = 0; n < 5; n++) await run();
    // b was asked for again too, and had it from its copy
    expect(asked).toEqual(['a']);
    expect(queries.getQueryCache().find({ queryKey: ['b'] })!.state.dataUpdateCount).toBeGreaterThan(1);
    expect(queries.getQueryCache().find({ queryKey: ['later'] })!.state.data).toBe('a2');
  });

  test('a function that does not take the signal: is not aborted when nobody looks any more', async () => {
    const observer = new QueryObserver(queries, { queryKey: ['a'], queryFn: () => read('a') });
    observer.subscribe(() => undefined)();
    await run();
    expect(queries.getQueryData(['a'])).toBe('a1');
  });

  test('an answer that names no groups: the query is not taken for fresh', async () => {
    show('a');
    await settle();
    await world.calls.splice(0)[0]!.answer(new Response('plain'));
    asked.length = 0;
    show('a');
    await settle();
    expect(asked).toEqual(['a']);
  });
});

describe('freshness', () => {
  test('in contact and untouched: no refetch on focus, mount or prefetch', async () => {
    const a = show('a');
    await run();
    const query = queries.getQueryCache().find({ queryKey: ['a'] })!;
    show('a');
    await a.refocus();
    void queries.prefetchQuery({ queryKey: ['a'], queryFn: () => read('a') });
    await run();
    expect(query.state.dataUpdateCount).toBe(1);
  });

  test('no contact: stale, as without Freshet', async () => {
    show('a');
    await run();
    world.socket.end(1006);
    asked.length = 0;
    show('a');
    await run();
    expect(asked).toEqual(['a']);
  });

  test('silence for two heartbeats: everything shown is asked for again', async () => {
    show('a');
    await run();
    asked.length = 0;
    world.socket.end(1006);
    await world.advance(19_000);
    expect(asked).toEqual([]);
    await world.advance(1001);
    expect(asked).toEqual(['a']);
  });

  test('the time to live is over: stale', async () => {
    show('a');
    await run();
    const stale = (): boolean => {
      const query = queries.getQueryCache().find({ queryKey: ['a'] })!;
      const { staleTime } = queries.getDefaultOptions().queries!;
      return (staleTime as (q: typeof query) => number)(query) <= 60_000;
    };
    expect(stale()).toBe(true);
  });

  test('a staleTime that was the default before holds for queries that read nothing', async () => {
    disconnect();
    queries.setDefaultOptions({ queries: { staleTime: 5000 } });
    disconnect = connectQueryClient(client, queries);
    let runs = 0;
    const own = (): Promise<number> => Promise.resolve(++runs);
    show('own', own);
    await settle();
    show('own', own);
    await settle();
    expect(runs).toBe(1);
    disconnect();
    expect(queries.getDefaultOptions().queries!.staleTime).toBe(5000);
  });
});
