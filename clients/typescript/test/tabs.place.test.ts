// What a tab was answered, and where the tab that it follows is.

import { beforeEach, describe, expect, test } from 'vitest';
import { alice, Page } from './page';
import { at, kept, settle, written } from './server';
import { World } from './world';

let world: World;
let first: Page, second: Page;

async function join(): Promise<Page> {
  const page = new Page(world, alice);
  await settle();
  return page;
}

beforeEach(async () => {
  world = new World();
  world.random = Math.random;
  first = await join();
  second = await join();
});

describe('the place of an answer among tabs', () => {
  test('a write of one, known where the answer of the other stands: drops nothing', async () => {
    world.socket.ready();
    await settle();
    const { call, answer } = await second.ask({ method: 'PUT' });
    world.socket.touch(7, ['g']);
    await settle();
    await first.load('x', ['g']);
    await call.answer(written('"g"', 7));
    await answer;
    await settle();
    expect(await first.isKept()).toBe(true);
  });

  const beginnings = [['where the leader is', at(2), true], ['before', at(1), false], ['nowhere', '?', false]] as const;

  test.each(beginnings)('answered %s, then told where the leader is', async (_, place, stays) => {
    world.socket.ready(false, at(2));
    const third = new Page(world, alice);
    third.tab.frozen = true; // what the leader says waits
    const { call, answer } = await third.ask();
    expect(call.header('Freshet-Position')).toBe('?');
    await call.answer(kept('x', ['g'], { 'Freshet-Position': place }));
    await answer;
    third.tab.thaw();
    await settle();
    expect(third.client.status).toBe('live');
    expect(await third.isKept()).toBe(stays);
  });

  test.each(beginnings)('told where the leader is, then answered %s', async (_, place, stays) => {
    world.socket.ready(false, at(2));
    const third = new Page(world, alice);
    const { call, answer } = await third.ask();
    expect(third.client.status).toBe('live');
    await call.answer(kept('x', ['g'], { 'Freshet-Position': place }));
    await answer;
    expect(await third.isKept()).toBe(stays);
  });

  test.each(beginnings)('told that the leader knows nothing, then answered %s, then contact begins', async (_, place, stays) => {
    const third = new Page(world, alice);
    const { call, answer } = await third.ask();
    await call.answer(kept('x', ['g'], { 'Freshet-Position': place }));
    await answer;
    world.socket.ready(false, at(2));
    await settle();
    expect(third.client.status).toBe('live');
    expect(await third.isKept()).toBe(stays);
  });

  test('the leader is in contact and was not told where: what was answered before is not kept', async () => {
    world.socket.ready(false, '');
    const third = new Page(world, alice);
    third.tab.frozen = true;
    const { call, answer } = await third.ask();
    await call.answer(kept('x', ['g'], { 'Freshet-Position': at(1) }));
    await answer;
    third.tab.thaw();
    await settle();
    expect(third.client.status).toBe('live');
    expect(await third.isKept()).toBe(false);
  });
});
