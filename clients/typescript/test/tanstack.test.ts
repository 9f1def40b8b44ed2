// When TanStack queries are invalidated, and when they count as fresh.

import { InfiniteQueryObserver } from '@tanstack/query-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectQueryClient } from '../src/tanstack';
import { QueryPage } from './queries';
import { at, kept, origin, settle, written } from './server';

let page: QueryPage;

beforeEach(async () => { page = await QueryPage.live(); });

afterEach(() => page.close());

describe('invalidation', () => {
  test('a group is touched: exactly the queries that read it ask again', async () => {
    const a = page.show('a'), b = page.show('b');
    await page.run();
    expect([a.data(), b.data()]).toEqual(['a1', 'b1']);
    page.server.set('a', { body: 'a2', groups: ['ga'] });
    page.asked.length = 0;
    page.world.socket.touch(2, ['ga']);
    await page.run();
    expect([a.data(), b.data()]).toEqual(['a2', 'b1']);
    expect(page.asked).toEqual(['a']);
  });

  test('a query that was there before the connection, and one that is prefetched', async () => {
    page.disconnect();
    const a = page.show('a');
    page.disconnect = connectQueryClient(page.client, page.queries);
    await page.run();
    void page.queries.prefetchQuery({ queryKey: ['b'], queryFn: () => page.read('b') });
    await page.run();
    // the first was fetched unseen, so it is not linked yet
    void page.queries.refetchQueries({ queryKey: ['a'] });
    await page.run();
    page.asked.length = 0;
    page.world.socket.touch(2, ['ga', 'gb']);
    await page.run();
    expect(page.asked).toEqual(['a']);
    expect(page.queries.getQueryCache().find({ queryKey: ['b'] })!.state.isInvalidated).toBe(true);
    expect(a.data()).toBe('a1');
  });

  test('an infinite query: every page counts, also one fetched later', async () => {
    const observer = new InfiniteQueryObserver(page.queries, {
      queryKey: ['pages'], queryFn: ({ pageParam }: { pageParam: unknown }) => page.read(pageParam as string),
      initialPageParam: 'a', getNextPageParam: (_: unknown, pages: unknown[]) => ['a', 'b', 'c'][pages.length] ?? null,
    } as never);
    page.ends.push(observer.subscribe(() => undefined));
    await page.run();
    void observer.fetchNextPage();
    await page.run();
    expect((observer.getCurrentResult().data as unknown as { pages: string[] }).pages).toEqual(['a1', 'b1']);
    for (const [offset, group] of [[2, 'ga'], [3, 'gb'], [4, 'ga']] as const) {
      page.server.get(group.slice(1))!.body += '!';
      page.world.socket.touch(offset, [group]);
      await page.run();
    }
    expect((observer.getCurrentResult().data as unknown as { pages: string[] }).pages).toEqual(['a1!!', 'b1!']);
    page.asked.length = 0;
    page.world.socket.touch(5, ['gc']);
    await page.run();
    expect(page.asked).toEqual([]);
  });

  test('one page more of a list that was touched while hidden: the whole list is asked for again', async () => {
    const options = {
      queryKey: ['pages'], queryFn: ({ pageParam }: { pageParam: unknown }) => page.read(pageParam as string),
      initialPageParam: 'a', getNextPageParam: (_: unknown, pages: unknown[]) => ['a', 'b'][pages.length] ?? null,
    };
    const observer = new InfiniteQueryObserver(page.queries, options as never);
    const end = observer.subscribe(() => undefined);
    await page.run();
    end();
    page.server.set('a', { body: 'a2', groups: ['ga'] });
    page.world.socket.touch(2, ['ga']);
    await page.run();
    page.ends.push(new InfiniteQueryObserver(page.queries, { ...options, refetchOnMount: false } as never).subscribe(() => undefined));
    void observer.fetchNextPage();
    await page.run();
    expect(page.queries.getQueryData<{ pages: string[] }>(['pages'])!.pages).toEqual(['a2', 'b1']);
  });

  test('a resync: everything shown is asked for again', async () => {
    page.show('a'), page.show('b');
    await page.run();
    page.asked.length = 0;
    page.world.socket.say({ type: 'resync', data: { position: at(9), reason: 'trimmed' } });
    await page.run();
    expect(page.asked.sort()).toEqual(['a', 'b']);
  });

  test('an own write: is asked for at the acknowledgement; the event that tells of it costs no call', async () => {
    const a = page.show('a');
    await page.run();
    const write = page.client.fetch(`${origin}/w`, { method: 'PUT' });
    await settle();
    await page.world.calls.splice(0)[0]!.answer(written('"ga"', 7));
    await write;
    page.server.set('a', { body: 'a2', groups: ['ga'] });
    await page.run();
    expect([a.data(), page.asked]).toEqual(['a2', ['a', 'w', 'a']]);
    page.world.socket.touch(7, ['ga']);
    await page.run();
    expect([a.data(), page.asked]).toEqual(['a2', ['a', 'w', 'a']]);
  });

  test('the first load: what is answered where contact begins, or later, is asked for once', async () => {
    page.disconnect();
    page.connect();
    const a = page.show('a'), b = page.show('b');
    await settle();
    const [first, second] = page.world.calls.splice(0);
    await first!.answer(kept('a1', ['ga'], { 'Freshet-Position': at(1) }));
    page.world.socket.ready();
    await second!.answer(kept('b1', ['gb'], { 'Freshet-Position': at(2) }));
    await page.run();
    expect([a.data(), b.data(), page.asked]).toEqual(['a1', 'b1', ['a', 'b']]);
  });

  test('disconnected: nothing is invalidated, and the functions still work', async () => {
    const a = page.show('a');
    await page.run();
    page.disconnect();
    page.asked.length = 0;
    page.world.socket.touch(2, ['ga']);
    await page.run();
    expect(page.asked).toEqual([]);
    void page.queries.refetchQueries();
    await page.run();
    expect([page.asked, a.data()]).toEqual([['a'], 'a1']);
  });
});

describe('freshness', () => {
  test('in contact and untouched: no refetch on focus, mount or prefetch', async () => {
    const a = page.show('a');
    await page.run();
    const query = page.queries.getQueryCache().find({ queryKey: ['a'] })!;
    page.show('a');
    await a.refocus();
    void page.queries.prefetchQuery({ queryKey: ['a'], queryFn: () => page.read('a') });
    await page.run();
    expect(query.state.dataUpdateCount).toBe(1);
  });

  test('no contact: stale, as without Freshet', async () => {
    page.show('a');
    await page.run();
    page.world.socket.end(1006);
    page.asked.length = 0;
    page.show('a');
    await page.run();
    expect(page.asked).toEqual(['a']);
  });

  test('silence for two heartbeats: everything shown is asked for again', async () => {
    page.show('a');
    await page.run();
    page.asked.length = 0;
    page.world.socket.end(1006);
    await page.world.advance(19_000);
    expect(page.asked).toEqual([]);
    await page.world.advance(1001);
    expect(page.asked).toEqual(['a']);
  });

  test('the time to live is over: stale', async () => {
    page.show('a');
    await page.run();
    const stale = (): boolean => {
      const query = page.queries.getQueryCache().find({ queryKey: ['a'] })!;
      const { staleTime } = page.queries.getDefaultOptions().queries!;
      return (staleTime as (q: typeof query) => number)(query) <= 60_000;
    };
    expect(stale()).toBe(true);
  });

  test('a staleTime that was the default before holds for queries that read nothing', async () => {
    page.disconnect();
    page.queries.setDefaultOptions({ queries: { staleTime: 5000 } });
    page.disconnect = connectQueryClient(page.client, page.queries);
    let runs = 0;
    const own = (): Promise<number> => Promise.resolve(++runs);
    page.show('own', own);
    await settle();
    page.show('own', own);
    await settle();
    expect(runs).toBe(1);
    page.disconnect();
    expect(page.queries.getDefaultOptions().queries!.staleTime).toBe(5000);
  });
});
