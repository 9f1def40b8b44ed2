// What a write of the page itself does to its copies.

import { beforeEach, describe, expect, test } from 'vitest';
import { Page, url } from './page';
import { at, kept, settle, written } from './server';

let page: Page;

beforeEach(async () => { page = await Page.live(); });

describe('a write', () => {
  const put = (): Promise<Response> => page.client.fetch(url, { method: 'PUT', body: '1' });

  test('acknowledged: its groups are dropped and its position known before the caller sees the answer', async () => {
    await page.load('a', ['g']);
    const seen = put().then(() => page.fromCopy());
    await settle();
    await page.world.call.answer(written('"g"', 7));
    expect(await seen).toBeNull();
    expect(page.world.call.header('Freshet-Position')).toBe(at(7));
  });

  test('acknowledged while a read is under way: the read is not given again', async () => {
    const read = page.client.fetch(url);
    await settle();
    const reading = page.world.call;
    const write = put();
    await settle();
    await page.world.call.answer(written('"g"', 7));
    await write;
    await reading.answer(kept('old', ['g']));
    await read;
    expect(await page.fromCopy()).toBeNull();
  });

  test('its position is not resumed from: the events before it have not been told', async () => {
    const write = put();
    await settle();
    await page.world.call.answer(written('"g"', 7));
    await write;
    page.world.socket.end(1006);
    await page.world.advance(1000);
    expect(page.world.socket.query.get('position')).toBe(at(1));
  });

  test('other groups: the copy stays', async () => {
    await page.load('a', ['g']);
    const write = put();
    await settle();
    await page.world.call.answer(written('"h"', 7));
    await write;
    expect(await page.fromCopy()).toBe('a');
  });

  test.each([
    ['no answer', (): Promise<void> => page.world.call.fail()],
    ['groups that cannot be read', (): Promise<void> => page.world.call.answer(written('nonsense', 7))],
    ['everything', (): Promise<void> => page.world.call.answer(written('"*"', 7))],
    ['a fault on the way', (): Promise<void> => page.world.call.answer(new Response('', { status: 504 }))],
    ['a redirection', (): Promise<void> => page.world.call.answer(Object.defineProperty(written(null, 7), 'redirected', { value: true }))],
    ['a hidden answer', (): Promise<void> => page.world.call.answer(Response.error())],
  ])('%s: everything is dropped', async (_, answer) => {
    await page.load('a', ['g']);
    const write = put();
    write.catch(() => undefined);
    await settle();
    await answer();
    await write.catch(() => undefined);
    expect(await page.fromCopy()).toBeNull();
  });

  test('refused: nothing is dropped', async () => {
    await page.load('a', ['g']);
    const write = put();
    await settle();
    await page.world.call.answer(new Response('', { status: 409 }));
    await write;
    expect(await page.fromCopy()).toBe('a');
  });
});
