// Tabs of one user share one connection.

import { beforeEach, describe, expect, test } from 'vitest';
import { alice, Page } from './page';
import { at, settle, written } from './server';
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

describe('two tabs of one identity', () => {
  test('one connection; both live, both hear', async () => {
    expect(world.sockets.length).toBe(1);
    world.socket.ready();
    await settle();
    expect([first.client.status, second.client.status]).toEqual(['live', 'live']);
    await second.load('x', ['g']);
    expect(await second.isKept()).toBe(true);
    world.socket.touch(2, ['g']);
    await settle();
    expect(await second.isKept()).toBe(false);
    expect(world.call.header('Freshet-Position')).toBe(at(2));
    expect([first.client.stats.events, second.client.stats.events]).toEqual([1, 1]);
  });

  test('a tab that comes later: is in contact at once', async () => {
    world.socket.ready();
    const third = await join();
    expect(third.client.status).toBe('live');
    expect(world.sockets.length).toBe(1);
    await third.load('x', ['g']);
    expect(await third.isKept()).toBe(true);
  });

  test('a write of one: drops the copies of the other, and its position is known there', async () => {
    world.socket.ready();
    await settle();
    await first.load('x', ['g']);
    await second.write(written('"g"', 7));
    await settle();
    expect(await first.isKept()).toBe(false);
    expect(world.call.header('Freshet-Position')).toBe(at(7));
  });

  test('a write of one without an answer: drops everything in the other', async () => {
    world.socket.ready();
    await settle();
    await first.load('x', ['g']);
    const { call } = await second.ask({ method: 'PUT' });
    await call.fail();
    expect(await first.isKept()).toBe(false);
  });

  test('the connection is lost and resumed: the follower keeps what nothing touched', async () => {
    world.socket.ready();
    await settle();
    await second.load('x', ['g']);
    world.socket.end(1006);
    await settle();
    expect(second.client.status).toBe('connecting');
    await world.advance(1000);
    world.socket.touch(2, ['other']);
    world.socket.ready(true, at(2));
    await settle();
    expect(second.client.status).toBe('live');
    expect(await second.isKept()).toBe(true);
  });

  test('the server says what cannot be read: both drop everything', async () => {
    world.socket.ready();
    await settle();
    await second.load('x', ['g']);
    world.socket.say('{');
    await settle();
    expect(second.client.status).toBe('connecting');
    await world.advance(1000);
    world.socket.ready(true, at(5));
    await settle();
    expect(await second.isKept()).toBe(false);
  });

  test('4403: all tabs stop', async () => {
    world.socket.ready();
    await settle();
    world.socket.end(4403, 'rights changed');
    await settle();
    expect([first.client.status, second.client.status]).toEqual(['stopped', 'stopped']);
    await world.advance(120_000);
    expect(world.sockets.length).toBe(1);
  });

  test('another identity: its own connection', async () => {
    world.tab().client({ identity: 'bob' });
    await settle();
    expect(world.sockets.length).toBe(2);
  });

  test.each<[string, object, object]>([
    ['no identity', {}, {}],
    ['no locks', { identity: 'alice' }, { navigator: {} }],
    ['no channels', { identity: 'alice' }, { BroadcastChannel: undefined }],
    ['locks that may not be used', { identity: 'alice' }, { navigator: { locks: { request: () => Promise.reject(new DOMException('', 'SecurityError')) } } }],
  ])('%s: each client has its own connection', async (_, options, parts) => {
    const alone = second.tab.client(options, parts);
    await settle();
    expect(world.sockets.length).toBe(2);
    world.socket.ready();
    expect(alone.status).toBe('live');
  });
});

describe('a following tab', () => {
  beforeEach(async () => {
    world.socket.ready();
    await settle();
    await second.load('x', ['g']);
  });

  test('misses a message: drops everything and goes on', async () => {
    const [channel] = second.tab.channels;
    const { onmessage } = channel!;
    channel!.onmessage = null;
    world.socket.touch(2, ['g']);
    await settle();
    channel!.onmessage = onmessage;
    world.socket.touch(3, ['other']);
    await settle();
    expect(second.client.status).toBe('live');
    expect(await second.isKept()).toBe(false);
    await second.load('y', ['g']);
    world.socket.touch(4, ['g']);
    await settle();
    expect(await second.isKept()).toBe(false);
  });

  test('misses a message while the leader answers nobody: contact ends at once', async () => {
    const [channel] = second.tab.channels;
    const { onmessage } = channel!;
    channel!.onmessage = null;
    world.socket.touch(2, ['g']);
    await settle();
    channel!.onmessage = onmessage;
    first.tab.channels[0]!.onmessage = null;
    world.socket.touch(3, ['other']);
    await settle();
    expect(second.client.status).toBe('connecting');
    expect(await second.isKept()).toBe(false);
  });

  test('misses that the connection was lost: hears of it from the leader when it asks', async () => {
    const [channel] = second.tab.channels;
    const { onmessage } = channel!;
    channel!.onmessage = null;
    world.socket.end(1006);
    await settle();
    channel!.onmessage = onmessage;
    expect(second.client.status).toBe('live');
    second.tab.fire('visibilitychange');
    await settle();
    expect(second.client.status).toBe('connecting');
  });

  test('the clock on the wall is set back while a word waits: contact still ends', async () => {
    second.tab.frozen = true;
    world.socket.beat();
    await settle();
    world.sleep(-3_600_000);
    second.tab.thaw();
    expect(second.client.status).toBe('live');
    world.sleep(20_000, true);
    expect(second.client.status).toBe('connecting');
  });

  test('was frozen: what waited shows its age, so old words bring no contact', async () => {
    const [channel] = second.tab.channels;
    second.tab.frozen = true;
    world.socket.beat();
    await settle();
    for (let n = 0; n < 10; n++) { await world.advance(9000); world.socket.beat(); }
    world.socket.touch(2, ['g']);
    await settle();
    second.tab.frozen = false;
    expect(second.client.status).toBe('connecting');
    channel!.receive(channel!.held.shift());
    expect(second.client.status).toBe('connecting');
    channel!.thaw();
    expect(second.client.status).toBe('live');
    expect(await second.isKept()).toBe(false);
  });

  test('the network comes back in it: the leader connects at once', async () => {
    world.socket.end(1006);
    await settle();
    world.random = () => 0.999;
    second.tab.fire('online');
    await settle();
    expect(world.sockets.length).toBe(2);
  });

  test('nonsense on the channel: passed over', async () => {
    const [channel] = second.tab.channels;
    for (const data of [null, 7, 'x', {}, { t: 'm' }, { t: 'state', nonce: 1 }, { t: 'write', groups: 7 }]) channel!.onmessage!({ data });
    await settle();
    expect(second.client.status).toBe('live');
  });
});
