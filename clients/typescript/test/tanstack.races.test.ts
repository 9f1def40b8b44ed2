// A touch while a query runs, and whose a call is when several run.

import { QueryObserver } from '@tanstack/query-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { QueryPage } from './queries';
import { kept, settle } from './server';

let page: QueryPage;

beforeEach(async () => { page = await QueryPage.live(); });

afterEach(() => page.close());

describe('races', () => {
  test('touched between the sending and the answer: asks again after the answer', async () => {
    const a = page.show('a');
    await settle();
    page.world.socket.touch(2, ['ga']);
    const [slow] = page.world.calls.splice(0);
    await slow!.answer(kept('old', ['ga']));
    page.server.set('a', { body: 'new', groups: ['ga'] });
    await page.run();
    expect(a.data()).toBe('new');
  });

  test('touched while a second fetch is under way: it is not thrown away, and another one follows', async () => {
    const a = page.show('a');
    await page.run();
    page.world.socket.touch(2, ['ga']);
    await settle();
    const [slow] = page.world.calls.splice(0);
    page.world.socket.touch(3, ['ga']);
    await settle();
    expect(page.world.calls.length).toBe(0);
    await slow!.answer(kept('middle', ['ga']));
    expect(a.data()).toBe('middle');
    page.server.set('a', { body: 'new', groups: ['ga'] });
    await page.run();
    expect(a.data()).toBe('new');
  });

  test('touched by a group that only the new answer has: asks again', async () => {
    const a = page.show('a');
    await page.run();
    page.world.socket.touch(2, ['ga']);
    await settle();
    const [slow] = page.world.calls.splice(0);
    page.world.socket.touch(3, ['gx']);
    await slow!.answer(kept('old', ['gx']));
    page.server.set('a', { body: 'new', groups: ['gx'] });
    await page.run();
    expect(a.data()).toBe('new');
  });

  test('touched between two calls of one function: asks again', async () => {
    let go!: () => void;
    const gate = new Promise<void>(resolve => { go = resolve; });
    let runs = 0;
    const a = page.show('ab', async ({ signal }) => {
      const first = await page.read('a', { signal });
      if (!runs++) await gate;
      return first + await page.read('b', { signal });
    });
    await page.run();
    page.server.set('a', { body: 'a2', groups: ['ga'] });
    page.world.socket.touch(2, ['ga']);
    go();
    await page.run();
    expect([a.data(), runs]).toEqual(['a2b1', 2]);
  });

  test('set by hand while out of date and hidden: is still asked for when it is shown', async () => {
    void page.queries.prefetchQuery({ queryKey: ['a'], queryFn: () => page.read('a') });
    await page.run();
    page.world.socket.touch(2, ['ga']);
    page.queries.setQueryData(['a'], (old: unknown) => `${old as string}?`);
    page.server.set('a', { body: 'new', groups: ['ga'] });
    const a = page.show('a');
    await page.run();
    expect(a.data()).toBe('new');
  });
});

describe('attribution', () => {
  test('a call after a wait, with the signal: its own query and no other', async () => {
    const later = page.show('later', async ({ signal }) => { await settle(); return page.read('a', { signal }); });
    page.show('b');
    await page.run(), await page.run();
    expect(later.data()).toBe('a1');
    page.asked.length = 0;
    page.world.socket.touch(2, ['ga']);
    await page.run(), await page.run();
    expect(page.asked).toEqual(['a']);
  });

  test('a call after a wait, without the signal: every query that is fetching', async () => {
    page.hold = true;
    page.show('b');
    page.show('later', async () => { await settle(); return page.read('a'); });
    await settle(), await settle(), await settle();
    page.hold = false;
    await page.run();
    await settle();
    page.asked.length = 0;
    page.server.get('a')!.body = 'a2';
    page.world.socket.touch(2, ['ga']);
    for (let n = 0; n < 5; n++) await page.run();
    // b was asked for again too, and had it from its copy
    expect(page.asked).toEqual(['a']);
    expect(page.queries.getQueryCache().find({ queryKey: ['b'] })!.state.dataUpdateCount).toBeGreaterThan(1);
    expect(page.queries.getQueryCache().find({ queryKey: ['later'] })!.state.data).toBe('a2');
  });

  test('a function that does not take the signal: is not aborted when nobody looks any more', async () => {
    const observer = new QueryObserver(page.queries, { queryKey: ['a'], queryFn: () => page.read('a') });
    observer.subscribe(() => undefined)();
    await page.run();
    expect(page.queries.getQueryData(['a'])).toBe('a1');
  });

  test('an answer that names no groups: the query is not taken for fresh', async () => {
    page.show('a');
    await settle();
    await page.world.calls.splice(0)[0]!.answer(new Response('plain'));
    page.asked.length = 0;
    page.show('a');
    await settle();
    expect(page.asked).toEqual(['a']);
  });
});
