import { beforeEach, describe, expect, test } from 'vitest';
import type { Client } from '../src/index';
import { at, kept, origin, settle, World, written, type Tab } from './world';

const url = `${origin}/api/imports`;
let world: World;
let first: Tab, second: Tab;
let a: Client, b: Client;

async function join(): Promise<[Tab, Client]> {
  const tab = world.tab();
  const client = tab.client({ identity: 'alice' });
  await settle();
  return [tab, client];
}

async function load(client: Client, body: string, groups: string[]): Promise<void> {
  const answer = client.fetch(url);
  await settle();
  await world.call.answer(kept(body, groups));
  await answer;
}

async function isKept(client: Client): Promise<boolean> {
  const before = world.calls.length;
  client.fetch(url).catch(() => undefined);
  await settle();
  return world.calls.length === before;
}

beforeEach(async () => {
  world = new World();
  world.random = Math.random;
  [first, a] = await join();
  [second, b] = await join();
});

describe('two tabs of one identity', () => {
  test('one connection; both live, both hear', async () => {
    expect(world.sockets.length).toBe(1);
    world.socket.ready();
    await settle();
    expect([a.status, b.status]).toEqual(['live', 'live']);
    await load(b, 'x', ['g']);
    expect(await isKept(b)).toBe(true);
    world.socket.touch(2, ['g']);
    await settle();
    expect(await isKept(b)).toBe(false);
    expect(world.call.header('Freshet-Position')).toBe(at(2));
    expect([a.stats.events, b.stats.events]).toEqual([1, 1]);
  });

  test('a tab that comes later: is in contact at once', async () => {
    world.socket.ready();
    const [, c] = await join();
    expect(c.status).toBe('live');
    expect(world.sockets.length).toBe(1);
    await load(c, 'x', ['g']);
    expect(await isKept(c)).toBe(true);
  });

  test('a write of one: drops the copies of the other, and its position is known there', async () => {
    world.socket.ready();
    await settle();
    await load(a, 'x', ['g']);
    const write = b.fetch(url, { method: 'PUT' });
    await settle();
    await world.call.answer(written('"g"', 7));
    await write;
    await settle();
    expect(await isKept(a)).toBe(false);
    expect(world.call.header('Freshet-Position')).toBe(at(7));
  });

  test('a write of one without an answer: drops everything in the other', async () => {
    world.socket.ready();
    await settle();
    await load(a, 'x', ['g']);
    const write = b.fetch(url, { method: 'PUT' });
    write.catch(() => undefined);
    await settle();
    await world.call.fail();
    expect(await isKept(a)).toBe(false);
  });

  test('a write of one, known where the answer of the other stands: drops nothing', async () => {
    world.socket.ready();
    await settle();
    const write = b.fetch(url, { method: 'PUT' });
    await settle();
    const { call } = world;
    world.socket.touch(7, ['g']);
    await settle();
    await load(a, 'x', ['g']);
    await call.answer(written('"g"', 7));
    await write;
    await settle();
    expect(await isKept(a)).toBe(true);
  });

  const beginnings = [['where the leader is', at(2), true], ['before', at(1), false], ['nowhere', '?', false]] as const;

  test.each(beginnings)('answered %s, then told where the leader is', async (_, place, stays) => {
    world.socket.ready(false, at(2));
    const tab = world.tab();
    tab.frozen = true; // what the leader says waits
    const c = tab.client({ identity: 'alice' });
    const answer = c.fetch(url);
    await settle();
    expect(world.call.header('Freshet-Position')).toBe('?');
    await world.call.answer(kept('x', ['g'], { 'Freshet-Position': place }));
    await answer;
    tab.frozen = false;
    for (const channel of tab.channels) channel.thaw();
    await settle();
    expect(c.status).toBe('live');
    expect(await isKept(c)).toBe(stays);
  });

  test.each(beginnings)('told where the leader is, then answered %s', async (_, place, stays) => {
    world.socket.ready(false, at(2));
    const c = world.tab().client({ identity: 'alice' });
    const answer = c.fetch(url);
    await settle();
    expect(c.status).toBe('live');
    await world.call.answer(kept('x', ['g'], { 'Freshet-Position': place }));
    await answer;
    expect(await isKept(c)).toBe(stays);
  });

  test.each(beginnings)('told that the leader knows nothing, then answered %s, then contact begins', async (_, place, stays) => {
    const c = world.tab().client({ identity: 'alice' });
    const answer = c.fetch(url);
    await settle();
    await world.call.answer(kept('x', ['g'], { 'Freshet-Position': place }));
    await answer;
    world.socket.ready(false, at(2));
    await settle();
    expect(c.status).toBe('live');
    expect(await isKept(c)).toBe(stays);
  });

  test('the leader is in contact and was not told where: what was answered before is not kept', async () => {
    world.socket.ready(false, '');
    const tab = world.tab();
    tab.frozen = true;
    const c = tab.client({ identity: 'alice' });
    const answer = c.fetch(url);
    await settle();
    await world.call.answer(kept('x', ['g'], { 'Freshet-Position': at(1) }));
    await answer;
    tab.frozen = false;
    for (const channel of tab.channels) channel.thaw();
    await settle();
    expect(c.status).toBe('live');
    expect(await isKept(c)).toBe(false);
  });

  test('the connection is lost and resumed: the follower keeps what nothing touched', async () => {
    world.socket.ready();
    await settle();
    await load(b, 'x', ['g']);
    world.socket.end(1006);
    await settle();
    expect(b.status).toBe('connecting');
    await world.advance(1000);
    world.socket.touch(2, ['other']);
    world.socket.ready(true, at(2));
    await settle();
    expect(b.status).toBe('live');
    expect(await isKept(b)).toBe(true);
  });

  test('the server says what cannot be read: both drop everything', async () => {
    world.socket.ready();
    await settle();
    await load(b, 'x', ['g']);
    world.socket.say('{');
    await settle();
    expect(b.status).toBe('connecting');
    await world.advance(1000);
    world.socket.ready(true, at(5));
    await settle();
    expect(await isKept(b)).toBe(false);
  });

  test('4403: all tabs stop', async () => {
    world.socket.ready();
    await settle();
    world.socket.end(4403, 'rights changed');
    await settle();
    expect([a.status, b.status]).toEqual(['stopped', 'stopped']);
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
    const alone = second.client(options, parts);
    await settle();
    expect(world.sockets.length).toBe(2);
    world.socket.ready();
    expect(alone.status).toBe('live');
  });
});

describe('the leading tab', () => {
  beforeEach(async () => {
    world.socket.ready();
    await settle();
  });

  test('dies: another one resumes from what it heard, and its copies stay', async () => {
    await load(b, 'x', ['g']);
    world.socket.touch(2, ['other']);
    await settle();
    await first.die();
    expect(world.sockets.length).toBe(2);
    expect(world.socket.query.get('position')).toBe(at(2));
    world.socket.ready(true, at(2));
    await settle();
    expect(b.status).toBe('live');
    expect(await isKept(b)).toBe(true);
  });

  test('dies: a third tab follows the new leader without losing its copies', async () => {
    const [, c] = await join();
    await load(c, 'x', ['g']);
    world.socket.touch(2, ['other']);
    await settle();
    await first.die();
    await settle();
    expect(c.status).toBe('connecting');
    world.socket.touch(3, ['other']);
    world.socket.ready(true, at(3));
    await settle();
    expect([b.status, c.status]).toEqual(['live', 'live']);
    expect(await isKept(c)).toBe(true);
    world.socket.touch(4, ['g']);
    await settle();
    expect(await isKept(c)).toBe(false);
  });

  test('closes its client: another one leads', async () => {
    a.close();
    await settle();
    expect(world.sockets.length).toBe(2);
    world.socket.ready(true, at(1));
    expect(b.status).toBe('live');
  });

  test('freezes: contact ends in time, and the tab that is looked at takes the lead', async () => {
    await load(b, 'x', ['g']);
    first.frozen = true;
    for (const channel of first.channels) channel.onmessage = null;
    await world.advance(20_000);
    expect(b.status).toBe('connecting');
    await world.advance(10_000);
    expect(world.sockets.length).toBe(2);
    expect(world.sockets[0]!.closed).toBe(true);
    world.socket.ready(true, at(1));
    expect(b.status).toBe('live');
  });

  test('is silent, then freezes: a tab that came late trusts and shows nothing beyond two heartbeats after the last word', async () => {
    await world.advance(15_000);
    const [, c] = await join();
    await load(c, 'x', ['g']);
    const told: unknown[] = [];
    c.onStatus(status => told.push(status));
    c.tracking.onTouched(touched => told.push(touched));
    first.frozen = true;
    await world.advance(4999);
    expect([c.status, await isKept(c), told]).toEqual(['live', true, []]);
    await world.advance(1);
    expect([c.status, await isKept(c), told]).toEqual(['connecting', false, ['connecting', null]]);
  });

  test('freezes: a word that waited for a frozen tab is trusted no longer than two heartbeats after the leader heard it', async () => {
    await load(b, 'x', ['g']);
    const told: unknown[] = [];
    b.tracking.onTouched(touched => told.push(touched));
    second.frozen = true;
    world.socket.beat();
    await settle();
    first.frozen = true;
    await world.advance(15_000);
    second.frozen = false;
    for (const channel of second.channels) channel.thaw();
    await world.advance(4999);
    expect([b.status, await isKept(b), told]).toEqual(['live', true, []]);
    await world.advance(1);
    expect([b.status, await isKept(b), told]).toEqual(['connecting', false, [null]]);
  });

  test('is robbed of the lead while it lives: follows, with one connection in all', async () => {
    await load(a, 'x', ['g']);
    world.locks.request(`freshet1 wss://api.test/ws/cache-events alice`, { steal: true }, () => Promise.resolve(), second).catch(() => undefined);
    await settle();
    expect(world.sockets[0]!.closed).toBe(true);
    expect(world.sockets.filter(socket => !socket.closed).length).toBe(1);
    world.socket.ready(true, at(1));
    await settle();
    expect([a.status, b.status]).toEqual(['live', 'live']);
    expect(await isKept(a)).toBe(true);
  });

  test('answers but is not in contact: nobody robs it', async () => {
    world.socket.end(1006);
    for (let n = 0; n < 12; n++) {
      await world.advance(5000);
      if (!world.socket.closed) world.socket.end(1006);
    }
    expect(first.channels[0]!.gone).toBe(false);
    const before = world.sockets.length;
    await first.die();
    expect(world.sockets.length).toBe(before + 1);
  });
});

describe('a following tab', () => {
  beforeEach(async () => {
    world.socket.ready();
    await settle();
    await load(b, 'x', ['g']);
  });

  test('misses a message: drops everything and goes on', async () => {
    const [channel] = second.channels;
    const { onmessage } = channel!;
    channel!.onmessage = null;
    world.socket.touch(2, ['g']);
    await settle();
    channel!.onmessage = onmessage;
    world.socket.touch(3, ['other']);
    await settle();
    expect(b.status).toBe('live');
    expect(await isKept(b)).toBe(false);
    await load(b, 'y', ['g']);
    world.socket.touch(4, ['g']);
    await settle();
    expect(await isKept(b)).toBe(false);
  });

  test('was frozen: what waited shows its age, so old words bring no contact', async () => {
    const [channel] = second.channels;
    second.frozen = true;
    world.socket.beat();
    await settle();
    for (let n = 0; n < 10; n++) { await world.advance(9000); world.socket.beat(); }
    world.socket.touch(2, ['g']);
    await settle();
    second.frozen = false;
    expect(b.status).toBe('connecting');
    channel!.receive(channel!.held.shift());
    expect(b.status).toBe('connecting');
    channel!.thaw();
    expect(b.status).toBe('live');
    expect(await isKept(b)).toBe(false);
  });

  test('the network comes back in it: the leader connects at once', async () => {
    world.socket.end(1006);
    await settle();
    world.random = () => 0.999;
    second.fire('online');
    await settle();
    expect(world.sockets.length).toBe(2);
  });

  test('nonsense on the channel: passed over', async () => {
    const [channel] = second.channels;
    for (const data of [null, 7, 'x', {}, { t: 'm' }, { t: 'state', nonce: 1 }, { t: 'write', groups: 7 }]) channel!.onmessage!({ data });
    await settle();
    expect(b.status).toBe('live');
  });
});
