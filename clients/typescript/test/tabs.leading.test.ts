// The tab that has the connection dies, closes, freezes or is robbed.

import { beforeEach, describe, expect, test } from 'vitest';
import { alice, Page } from './page';
import { at, settle } from './server';
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

describe('the leading tab', () => {
  beforeEach(async () => {
    world.socket.ready();
    await settle();
  });

  test('dies: another one resumes from what it heard, and its copies stay', async () => {
    await second.load('x', ['g']);
    world.socket.touch(2, ['other']);
    await settle();
    await first.tab.die();
    expect(world.sockets.length).toBe(2);
    expect(world.socket.query.get('position')).toBe(at(2));
    world.socket.ready(true, at(2));
    await settle();
    expect(second.client.status).toBe('live');
    expect(await second.isKept()).toBe(true);
  });

  test('dies: a third tab follows the new leader without losing its copies', async () => {
    const third = await join();
    await third.load('x', ['g']);
    world.socket.touch(2, ['other']);
    await settle();
    await first.tab.die();
    await settle();
    expect(third.client.status).toBe('connecting');
    world.socket.touch(3, ['other']);
    world.socket.ready(true, at(3));
    await settle();
    expect([second.client.status, third.client.status]).toEqual(['live', 'live']);
    expect(await third.isKept()).toBe(true);
    world.socket.touch(4, ['g']);
    await settle();
    expect(await third.isKept()).toBe(false);
  });

  test('closes its client: another one leads', async () => {
    first.client.close();
    await settle();
    expect(world.sockets.length).toBe(2);
    world.socket.ready(true, at(1));
    expect(second.client.status).toBe('live');
  });

  test('freezes: contact ends in time, and the tab that is looked at takes the lead', async () => {
    await second.load('x', ['g']);
    first.tab.frozen = true;
    for (const channel of first.tab.channels) channel.onmessage = null;
    await world.advance(20_000);
    expect(second.client.status).toBe('connecting');
    await world.advance(10_000);
    expect(world.sockets.length).toBe(2);
    expect(world.sockets[0]!.closed).toBe(true);
    world.socket.ready(true, at(1));
    expect(second.client.status).toBe('live');
  });

  test('is silent, then freezes: a tab that came late trusts and shows nothing beyond two heartbeats after the last word', async () => {
    await world.advance(15_000);
    const third = await join();
    await third.load('x', ['g']);
    const told: unknown[] = [];
    third.client.onStatus(status => told.push(status));
    third.client.tracking.onTouched(touched => told.push(touched));
    first.tab.frozen = true;
    await world.advance(4999);
    expect([third.client.status, await third.isKept(), told]).toEqual(['live', true, []]);
    await world.advance(1);
    expect([third.client.status, await third.isKept(), told]).toEqual(['connecting', false, ['connecting', null]]);
  });

  test('freezes: a word that waited for a frozen tab is trusted no longer than two heartbeats after the leader heard it', async () => {
    await second.load('x', ['g']);
    const told: unknown[] = [];
    second.client.tracking.onTouched(touched => told.push(touched));
    second.tab.frozen = true;
    world.socket.beat();
    await settle();
    first.tab.frozen = true;
    await world.advance(15_000);
    second.tab.thaw();
    await world.advance(4999);
    expect([second.client.status, await second.isKept(), told]).toEqual(['live', true, []]);
    await world.advance(1);
    expect([second.client.status, await second.isKept(), told]).toEqual(['connecting', false, [null]]);
  });

  test('is robbed of the lead while it lives: follows, with one connection in all', async () => {
    await first.load('x', ['g']);
    world.locks.request(`freshet1 wss://api.test/ws/cache-events alice`, { steal: true }, () => Promise.resolve(), second.tab).catch(() => undefined);
    await settle();
    expect(world.sockets[0]!.closed).toBe(true);
    expect(world.sockets.filter(socket => !socket.closed).length).toBe(1);
    world.socket.ready(true, at(1));
    await settle();
    expect([first.client.status, second.client.status]).toEqual(['live', 'live']);
    expect(await first.isKept()).toBe(true);
  });

  test('answers but is not in contact: nobody robs it', async () => {
    world.socket.end(1006);
    for (let n = 0; n < 12; n++) {
      await world.advance(5000);
      if (!world.socket.closed) world.socket.end(1006);
    }
    expect(first.tab.channels[0]!.gone).toBe(false);
    const before = world.sockets.length;
    await first.tab.die();
    expect(world.sockets.length).toBe(before + 1);
  });
});
