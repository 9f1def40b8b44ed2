// A touch and an answer under way at the same time.

import { beforeEach, describe, expect, test } from 'vitest';
import { Page, url } from './page';
import { at, kept, notModified, settle } from './server';

let page: Page;

beforeEach(async () => { page = await Page.live(); });

describe('races of an answer and a touch', () => {
  test('touched before the sending: the answer is kept', async () => {
    page.world.socket.touch(2, ['g']);
    await page.load('a', ['g']);
    expect(await page.fromCopy()).toBe('a');
  });

  test('touched between sending and answer: the answer is not given again', async () => {
    const answer = page.client.fetch(url);
    await settle();
    page.world.socket.touch(2, ['g']);
    await page.world.call.answer(kept('old', ['g']));
    expect(await (await answer).text()).toBe('old');
    expect(await page.fromCopy()).toBeNull();
    expect(page.world.call.header('If-None-Match')).toBe('"old"');
  });

  test('touched while the body arrives: the answer is not given again', async () => {
    let end!: () => void;
    const body = new ReadableStream({ start(controller) { end = () => { controller.enqueue(new TextEncoder().encode('old')); controller.close(); }; } });
    const answer = page.client.fetch(url);
    await settle();
    await page.world.call.answer(new Response(body, { headers: kept('old', ['g']).headers }));
    page.world.socket.touch(2, ['g']);
    end();
    expect(await (await answer).text()).toBe('old');
    expect(await page.fromCopy()).toBeNull();
  });

  test('touched between sending and 304: the copy is not renewed', async () => {
    await page.load('a', ['g']);
    page.world.socket.touch(2, ['g']);
    const answer = page.client.fetch(url);
    await settle();
    const { call } = page.world;
    page.world.socket.touch(3, ['g']);
    await call.answer(notModified(['g']));
    expect(await (await answer).text()).toBe('a');
    expect(await page.fromCopy()).toBeNull();
  });

  test('a slow old answer comes after a newer one: no step back', async () => {
    const slow = page.client.fetch(url);
    await settle();
    const first = page.world.call;
    page.world.socket.touch(2, ['g']);
    await page.load('new', ['g']);
    await first.answer(kept('old', ['g']));
    expect(await (await slow).text()).toBe('old');
    expect(await page.fromCopy()).toBe('new');
  });

  test('a resync while it is under way: the answer is not given again', async () => {
    const answer = page.client.fetch(url);
    await settle();
    page.world.socket.say({ type: 'resync', data: { position: at(9), reason: 'epoch' } });
    await page.world.call.answer(kept('old', ['g']));
    await answer;
    expect(await page.fromCopy()).toBeNull();
  });

  test('sent out of contact, resumed without resync before the answer: the answer is kept', async () => {
    page.world.socket.end(1006);
    const answer = page.client.fetch(url);
    await settle();
    const { call } = page.world;
    await page.world.advance(1000);
    page.world.socket.ready(true, at(1));
    await call.answer(kept('a', ['g']));
    await answer;
    expect(await page.fromCopy()).toBe('a');
  });

  test('sent before the first contact: the answer is not kept', async () => {
    const other = page.world.tab();
    const fresh = other.client();
    await settle();
    const answer = fresh.fetch(url);
    await settle();
    const { call } = page.world;
    page.world.socket.ready();
    await call.answer(kept('a', ['g']));
    await answer;
    const before = page.world.calls.length;
    fresh.fetch(url).catch(() => undefined);
    await settle();
    expect(page.world.calls.length).toBe(before + 1);
  });
});
