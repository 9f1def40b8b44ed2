import { beforeEach, describe, expect, test } from 'vitest';
import { createClient, type Change, type Client, type Status } from '../src/index';
import { at, kept, settle } from './server';
import { World, type Tab } from './world';

let world: World;
let tab: Tab;
let client: Client;

beforeEach(async () => {
  world = new World();
  tab = world.tab();
  client = tab.client();
  await settle();
});

describe('connecting', () => {
  test('first: offers the subprotocol and asks for no position', () => {
    expect(world.socket.url).toBe('wss://api.test/ws/cache-events');
    expect(world.socket.protocols).toEqual(['freshet.v1']);
    expect(client.status).toBe('connecting');
  });

  test('with a token: offers it as a second subprotocol, in Base64Url of its UTF-8', async () => {
    tab.client({ token: () => Promise.resolve('tökén?>~') });
    await settle();
    const [, bearer] = world.socket.protocols;
    expect(bearer).toMatch(/^freshet\.bearer\.[\w-]+$/);
    expect(Buffer.from(bearer!.slice('freshet.bearer.'.length), 'base64url').toString()).toBe('tökén?>~');
  });

  test('an address that is none: throws at once', () => {
    expect(() => createClient({ events: 'http://', environment: tab.environment() })).toThrow(TypeError);
  });

  test('ready: live, and said once', () => {
    const told: Status[] = [];
    client.onStatus(status => told.push(status));
    world.socket.ready();
    world.socket.beat();
    expect(client.status).toBe('live');
    expect(told).toEqual(['live']);
  });

  test('no word after connecting: gives up after two heartbeats and tries again', async () => {
    await world.advance(20_001);
    expect(world.sockets[0]!.closed).toBe(true);
    await world.advance(1000);
    expect(world.sockets.length).toBe(2);
  });

  test('the token cannot be had: tries again later', async () => {
    let asked = 0;
    world.sockets.length = 0;
    tab.client({ token: () => { if (!asked++) throw new Error('not now'); return 't'; } });
    await settle();
    expect(world.sockets.length).toBe(0);
    await world.advance(500);
    expect([asked, world.sockets.length]).toEqual([2, 1]);
  });

  test('closed while the token is on its way: no connection', async () => {
    let give!: (token: string) => void;
    world.sockets.length = 0;
    const other = tab.client({ token: () => new Promise(resolve => { give = resolve; }) });
    other.close();
    give('t');
    await settle();
    expect(world.sockets.length).toBe(0);
  });
});

describe('reconnecting', () => {
  test('refused again and again: waits up to 0.5, 1, 2 … 30 s, with full jitter', async () => {
    const waits: number[] = [];
    world.random = () => 0.99999;
    for (let n = 0; n < 9; n++) {
      world.socket.end(1006);
      waits.push(Math.round(world.lastDelay) / 1000);
      await world.advance(world.lastDelay);
      expect(world.sockets.length).toBe(n + 2);
    }
    expect(waits).toEqual([0.5, 1, 2, 4, 8, 16, 30, 30, 30]);
    world.random = () => 0;
    world.socket.end(1006);
    const before = world.sockets.length;
    await world.advance(0);
    expect(world.sockets.length).toBe(before + 1);
  });

  test('accepted and thrown out again and again: is no success, so the waits grow', async () => {
    world.random = () => 0.999;
    for (let n = 0; n < 4; n++) {
      world.socket.ready();
      world.socket.end(1001);
      await world.advance(500 * 2 ** n - 20);
      expect(world.sockets.length).toBe(n + 1);
      await world.advance(20);
      expect(world.sockets.length).toBe(n + 2);
    }
  });

  test('after one that lasted: waits little again', async () => {
    world.random = () => 0.999;
    for (let n = 0; n < 4; n++) { world.socket.end(1006); await world.advance(5000); }
    world.socket.ready();
    for (let n = 0; n < 4; n++) { await world.advance(5000); world.socket.beat(); }
    const before = world.sockets.length;
    world.socket.end(1006);
    await world.advance(500);
    expect(world.sockets.length).toBe(before + 1);
  });

  test('4401: asks for a token again and connects at once, and waits when that does not help', async () => {
    let asked = 0;
    world.random = () => 0.999;
    tab.client({ token: () => `t${++asked}` });
    await settle();
    world.socket.ready();
    world.socket.end(4401, 'token expired');
    await world.advance(0);
    expect(asked).toBe(2);
    world.socket.end(4401, 'token expired');
    await world.advance(900);
    expect(asked).toBe(2);
    await world.advance(100);
    expect(asked).toBe(3);
  });

  test('4403: stops, tells, forgets, and never tries again', async () => {
    world.socket.ready();
    const answer = client.fetch('https://api.test/x');
    await settle();
    await world.call.answer(kept('a', ['g']));
    await answer;
    const told: unknown[] = [];
    client.onStatus((status, reason) => told.push([status, reason]));
    world.socket.end(4403, 'rights changed');
    expect(told).toEqual([['stopped', { code: 4403, text: 'rights changed' }]]);
    tab.fire('online');
    await world.advance(120_000);
    expect(world.sockets.length).toBe(1);
    client.fetch('https://api.test/x').catch(() => undefined);
    await settle();
    expect(world.calls.length).toBe(2);
    expect(world.call.header('If-None-Match')).toBeNull();
  });

  test('the network comes back: connects at once; it goes: contact ends at once', async () => {
    world.socket.ready();
    tab.fire('offline');
    expect(client.status).toBe('connecting');
    expect(world.socket.closed).toBe(true);
    world.random = () => 0.999;
    tab.fire('online');
    await settle();
    expect(world.sockets.length).toBe(2);
    await world.advance(5000);
    expect(world.sockets.length).toBe(2);
  });

  test('resumes from what was told, both logs', async () => {
    world.socket.ready(false, at(3, 8));
    world.socket.touch(4, ['g']);
    world.socket.end(1006);
    await world.advance(1000);
    expect(world.socket.query.get('position')).toBe(at(4, 8));
  });

  test('what an old connection still says is not heard', async () => {
    world.socket.ready();
    const [old] = world.sockets;
    const { onmessage } = old!;
    tab.fire('offline');
    await world.advance(1000);
    onmessage!({ data: '{"type":"ready","data":{"resumed":true}}' });
    expect(client.status).toBe('connecting');
  });
});

describe('silence', () => {
  beforeEach(() => world.socket.ready());

  test('one heartbeat: asks; an answer keeps contact', async () => {
    await world.advance(10_000);
    expect(world.socket.sent).toEqual(['{"type":"ping"}']);
    world.socket.beat();
    await world.advance(9000);
    expect(client.status).toBe('live');
  });

  test('two heartbeats: contact has ended, whatever timers did', async () => {
    world.sleep(19_999, true);
    expect(client.status).toBe('live');
    world.sleep(1, true);
    expect(client.status).toBe('connecting');
  });

  test('the heartbeat of the server counts, within bounds', async () => {
    world.socket.ready(true, at(1), 2);
    world.sleep(3999, true);
    expect(client.status).toBe('live');
    world.sleep(1, true);
    expect(client.status).toBe('connecting');
    for (const hostile of [0, -1, Number.NaN, 'x', null, 1e99]) {
      const other = world.tab().client();
      await settle();
      world.socket.ready(false, at(1), hostile as number);
      expect(other.status).toBe('live');
      world.sleep(600_000);
      expect(other.status).toBe('connecting');
    }
  });

  test('sleep that the monotonic clock did not see: contact has ended', () => {
    world.sleep(3_600_000);
    expect(client.status).toBe('connecting');
  });

  test('the clock on the wall is set back: contact still ends', async () => {
    world.sleep(-3_600_000);
    world.sleep(20_000, true);
    expect(client.status).toBe('connecting');
  });

  test('a message that waited through the sleep brings no contact: resumes instead', async () => {
    world.sleep(3_600_000);
    world.socket.beat();
    expect(client.status).toBe('connecting');
    expect(world.sockets[0]!.closed).toBe(true);
    await world.advance(0);
    expect(world.sockets.length).toBe(2);
    expect(world.socket.query.get('position')).toBe(at(1));
  });

  test('visible after sleep: resumes at once; hidden: nothing', async () => {
    world.sleep(3_600_000);
    tab.visible = false;
    tab.fire('visibilitychange');
    expect(world.sockets[0]!.closed).toBe(false);
    tab.visible = true;
    tab.fire('visibilitychange');
    await world.advance(0);
    expect(world.sockets.length).toBe(2);
  });

  test('shown and hidden in a hurry: not a ping each time', async () => {
    for (let n = 0; n < 50; n++) tab.fire('visibilitychange');
    expect(world.socket.sent.length).toBe(0);
    await world.advance(1500);
    tab.fire('visibilitychange');
    expect(world.socket.sent.length).toBe(1);
  });
});

describe('what no server sends', () => {
  test.each<[string, unknown]>([
    ['no JSON', '{"type":'],
    ['no object', '7'],
    ['null', 'null'],
    ['no type', '{"data":{}}'],
    ['data that is no object', '{"type":"ready","data":7}'],
    ['an invalidation without tags', '{"type":"cache_invalidation","data":{}}'],
    ['tags that are no texts', '{"type":"cache_invalidation","data":{"tags":["a",1]}}'],
    ['far too much', JSON.stringify({ type: 'heartbeat', filler: 'x'.repeat(300_000) })],
    ['bytes', new Uint8Array([1, 2])],
  ])('%s: connection and position are given up, everything is dropped', async (_, data) => {
    world.socket.ready();
    const changes: Change[] = [];
    client.subscribe(change => changes.push(change));
    world.socket.sayRaw(data);
    expect(world.sockets[0]!.closed).toBe(true);
    expect(client.status).toBe('connecting');
    expect(changes.map(change => change.action)).toEqual(['resync']);
    await world.advance(1000);
    expect(world.socket.query.get('position')).toBeNull();
  });

  test.each(['{"type":"of a later version","data":{"position":"x"}}', '{"type":"subscribed","data":{"entities":[]}}', '{"type":"__proto__"}'])(
    '%s: passed over', text => {
      world.socket.ready();
      world.socket.sayRaw(text);
      expect(client.status).toBe('live');
      expect(client.stats.events).toBe(0);
    });
});
