import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Client } from '../src/index';
import { at, kept, notModified, origin, settle, World, written, type Tab } from './world';

let world: World;
let tab: Tab;
let client: Client;
const url = `${origin}/api/imports`;

async function live(): Promise<void> {
  client = tab.client();
  await settle();
  world.socket.ready();
}

/** Asks and answers. */
async function load(body: string, groups: string[], init?: RequestInit, more?: Record<string, string>): Promise<string> {
  const answer = client.fetch(url, init);
  await settle();
  await world.call.answer(kept(body, groups, more));
  return (await answer).text();
}

/** What the next fetch gives when nobody answers: the text of a copy, or null when it became a call. */
async function fromCopy(init?: RequestInit, address = url): Promise<string | null> {
  const before = world.calls.length;
  const answer = client.fetch(address, init);
  answer.catch(() => undefined);
  await settle();
  return world.calls.length === before ? (await answer).text() : null;
}

beforeEach(async () => {
  world = new World();
  tab = world.tab();
  await live();
});

describe('a kept answer', () => {
  test('in contact and untouched: is given without a call, as a real Response', async () => {
    await load('a', ['g']);
    const again = await client.fetch(url);
    expect(world.calls.length).toBe(1);
    expect(again).toBeInstanceOf(Response);
    expect(again.status).toBe(200);
    expect(again.headers.get('ETag')).toBe('"a"');
    expect(await again.clone().text()).toBe('a');
    expect(await again.text()).toBe('a');
    expect(await (await client.fetch(url)).text()).toBe('a');
    expect(client.stats).toEqual({ calls: 1, saved: 2, notModified: 0, events: 0 });
  });

  test('touched: is asked for again with its entity tag, and a 304 renews it with new groups', async () => {
    await load('a', ['g']);
    world.socket.touch(2, ['g']);
    const answer = client.fetch(url);
    await settle();
    expect(world.call.header('If-None-Match')).toBe('"a"');
    expect(world.call.header('Freshet-Position')).toBe(at(2));
    await world.call.answer(notModified(['h'], { 'X-New': 'yes' }));
    const response = await answer;
    expect([response.status, await response.text(), response.headers.get('X-New'), response.headers.get('ETag')]).toEqual([200, 'a', 'yes', '"a"']);
    expect(client.stats.notModified).toBe(1);
    world.socket.touch(3, ['g']);
    expect(await fromCopy()).toBe('a');
    world.socket.touch(4, ['h']);
    expect(await fromCopy()).toBeNull();
  });

  test('304: its body is read to the end, though it has none, before the answer is handed on', async () => {
    // Chromium calls a 304 that nobody reads a failed request.
    await load('a', ['g']);
    world.socket.touch(2, ['g']);
    const answer = client.fetch(url);
    await settle();
    const unread = notModified(['g']);
    let end!: () => void;
    const read = vi.fn(() => new Promise(resolve => { end = () => resolve(new ArrayBuffer(0)); }));
    Object.defineProperties(unread, { arrayBuffer: { value: read }, text: { value: read } });
    let given = false;
    void answer.then(() => { given = true; });
    await world.call.answer(unread);
    expect([read.mock.calls.length, given]).toEqual([1, false]);
    end();
    expect(await (await answer).text()).toBe('a');
  });

  test('another group touched: is still given', async () => {
    await load('a', ['g']);
    world.socket.touch(2, ['other']);
    expect(await fromCopy()).toBe('a');
  });

  test.each(['*', 'resync', 'not resumed', 'garbled'])('%s: is not given', async how => {
    await load('a', ['g']);
    if (how === '*') world.socket.touch(2, ['x', '*']);
    if (how === 'resync') world.socket.say({ type: 'resync', data: { position: at(9), reason: 'trimmed' } });
    if (how === 'not resumed') world.socket.ready(false, at(9));
    if (how === 'garbled') {
      world.socket.say('{');
      await world.advance(1000);
      expect(world.socket.query.get('position')).toBeNull();
      world.socket.ready(true, at(9)); // even if the server were to say so
    }
    expect(await fromCopy()).toBeNull();
  });

  test('its time to live is over: is not given', async () => {
    await load('a', ['g']);
    for (let second = 0; second < 59; second += 5) { await world.advance(5000); world.socket.beat(); }
    await world.advance(1);
    expect(await fromCopy()).toBeNull();
  });

  test('time to live counts from the sending', async () => {
    const answer = client.fetch(url);
    await settle();
    const { call } = world;
    for (let second = 0; second < 50; second += 5) { await world.advance(5000); world.socket.beat(); }
    await call.answer(kept('a', ['g']));
    await answer;
    for (let second = 0; second < 10; second += 5) { await world.advance(5000); world.socket.beat(); }
    expect(await fromCopy()).toBeNull();
  });

  test('contact lost: is not given; resumed with nothing missed: is given again', async () => {
    await load('a', ['g']);
    world.socket.end(1006);
    expect(await fromCopy()).toBeNull();
    await world.advance(1000);
    world.socket.ready(true, at(1));
    expect(await fromCopy()).toBe('a');
  });

  test('touched while contact was lost: is not given after resuming', async () => {
    await load('a', ['g']);
    world.socket.end(1006);
    await world.advance(1000);
    expect(world.socket.query.get('position')).toBe(at(1));
    world.socket.touch(2, ['g']);
    world.socket.ready(true, at(2));
    expect(await fromCopy()).toBeNull();
  });

  test('another Authorization, Accept or language: is not given', async () => {
    await load('a', ['g'], { headers: { Authorization: 'Bearer a' } });
    for (const headers of [{}, { Authorization: 'Bearer b' }, { Authorization: 'Bearer a', Accept: 'text/csv' }, { Authorization: 'Bearer a', 'Accept-Language': 'de' }])
      expect(await fromCopy({ headers: headers as HeadersInit })).toBeNull();
    expect(await fromCopy({ headers: { Authorization: 'Bearer a' } })).toBe('a');
    expect(await fromCopy({ headers: { Authorization: 'Bearer a' }, credentials: 'omit' })).toBeNull();
  });

  test('Vary: given only to requests with the same fields, and neither its body nor its tag to others', async () => {
    await load('a', ['g'], { headers: { 'X-Role': 'x' } }, { Vary: 'X-Role, Accept-Encoding' });
    expect(await fromCopy({ headers: { 'X-Role': 'x' } })).toBe('a');
    expect(await fromCopy({ headers: { 'X-Role': 'y' } })).toBeNull();
    expect(world.call.header('If-None-Match')).toBeNull();
  });

  test('an aborted signal: rejects as fetch does', async () => {
    await load('a', ['g']);
    await expect(client.fetch(url, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('closed: nothing is given any more, and an answer on its way is not kept', async () => {
    await load('a', ['g']);
    client.close();
    expect(await fromCopy()).toBeNull();
    expect(client.status).toBe('closed');
    expect(world.socket.closed).toBe(true);
  });

  test('the server refuses what was kept: it is forgotten', async () => {
    await load('a', ['g']);
    world.socket.end(1006);
    const answer = client.fetch(url);
    await settle();
    await world.call.answer(new Response('no', { status: 403 }));
    expect((await answer).status).toBe(403);
    await world.advance(1000);
    world.socket.ready(true, at(1));
    expect(await fromCopy()).toBeNull();
    expect(world.call.header('If-None-Match')).toBeNull();
  });

  test('a fault of the server says nothing about what was kept', async () => {
    await load('a', ['g']);
    world.socket.touch(2, ['g']);
    const answer = client.fetch(url);
    await settle();
    await world.call.answer(new Response('', { status: 503 }));
    expect((await answer).status).toBe(503);
    await fromCopy();
    expect(world.call.header('If-None-Match')).toBe('"a"');
  });
});

describe('races of an answer and a touch', () => {
  test('touched before the sending: the answer is kept', async () => {
    world.socket.touch(2, ['g']);
    await load('a', ['g']);
    expect(await fromCopy()).toBe('a');
  });

  test('touched between sending and answer: the answer is not given again', async () => {
    const answer = client.fetch(url);
    await settle();
    world.socket.touch(2, ['g']);
    await world.call.answer(kept('old', ['g']));
    expect(await (await answer).text()).toBe('old');
    expect(await fromCopy()).toBeNull();
    expect(world.call.header('If-None-Match')).toBe('"old"');
  });

  test('touched while the body arrives: the answer is not given again', async () => {
    let end!: () => void;
    const body = new ReadableStream({ start(controller) { end = () => { controller.enqueue(new TextEncoder().encode('old')); controller.close(); }; } });
    const answer = client.fetch(url);
    await settle();
    await world.call.answer(new Response(body, { headers: kept('old', ['g']).headers }));
    world.socket.touch(2, ['g']);
    end();
    expect(await (await answer).text()).toBe('old');
    expect(await fromCopy()).toBeNull();
  });

  test('touched between sending and 304: the copy is not renewed', async () => {
    await load('a', ['g']);
    world.socket.touch(2, ['g']);
    const answer = client.fetch(url);
    await settle();
    const { call } = world;
    world.socket.touch(3, ['g']);
    await call.answer(notModified(['g']));
    expect(await (await answer).text()).toBe('a');
    expect(await fromCopy()).toBeNull();
  });

  test('a slow old answer comes after a newer one: no step back', async () => {
    const slow = client.fetch(url);
    await settle();
    const first = world.call;
    world.socket.touch(2, ['g']);
    await load('new', ['g']);
    await first.answer(kept('old', ['g']));
    expect(await (await slow).text()).toBe('old');
    expect(await fromCopy()).toBe('new');
  });

  test('a resync while it is under way: the answer is not given again', async () => {
    const answer = client.fetch(url);
    await settle();
    world.socket.say({ type: 'resync', data: { position: at(9), reason: 'epoch' } });
    await world.call.answer(kept('old', ['g']));
    await answer;
    expect(await fromCopy()).toBeNull();
  });

  test('sent out of contact, resumed without resync before the answer: the answer is kept', async () => {
    world.socket.end(1006);
    const answer = client.fetch(url);
    await settle();
    const { call } = world;
    await world.advance(1000);
    world.socket.ready(true, at(1));
    await call.answer(kept('a', ['g']));
    await answer;
    expect(await fromCopy()).toBe('a');
  });

  test('sent before the first contact: the answer is not kept', async () => {
    const other = world.tab();
    const fresh = other.client();
    await settle();
    const answer = fresh.fetch(url);
    await settle();
    const { call } = world;
    world.socket.ready();
    await call.answer(kept('a', ['g']));
    await answer;
    const before = world.calls.length;
    fresh.fetch(url).catch(() => undefined);
    await settle();
    expect(world.calls.length).toBe(before + 1);
  });
});

describe('an answer that is not kept', () => {
  const good = kept('a', ['g']).headers;
  const cases: [string, Record<string, string | null>, number?][] = [
    ['no groups', { 'Cache-Groups': null }],
    ['groups that cannot be read', { 'Cache-Groups': '"a", b' }],
    ['no Cache-Status', { 'Cache-Status': null }],
    ['another cache', { 'Cache-Status': 'Other; hit; ttl=60' }],
    ['no time left', { 'Cache-Status': 'Freshet; hit; ttl=-3' }],
    ['time hidden in quotes', { 'Cache-Status': 'Freshet; detail="x; ttl=60"' }],
    ['a cookie', { 'Set-Cookie': 'a=b' }],
    ['Vary: *', { Vary: '*' }],
    ['Vary: Cookie', { Vary: 'Accept, Cookie' }],
    ['one that HTTP caches may give without asking', { 'Cache-Control': 'private, max-age=60' }],
    ['201', {}, 201],
    ['404', {}, 404],
  ];
  test.each(cases)('%s: comes from the server again', async (_, changes, status = 200) => {
    const headers = new Headers(good);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) headers.delete(name);
      else headers.set(name, value);
    }
    const answer = client.fetch(url);
    await settle();
    await world.call.answer(new Response('a', { status, headers }));
    expect(await (await answer).text()).toBe('a');
    expect(await fromCopy()).toBeNull();
  });

  test.each([
    { method: 'HEAD' }, { method: 'OPTIONS' }, { cache: 'no-store' as const }, { cache: 'reload' as const }, { cache: 'no-cache' as const },
    { headers: { 'Cache-Control': 'no-cache' } }, { headers: { Range: 'bytes=0-1' } }, { headers: { 'If-None-Match': '"x"' } },
  ])('a request past the copies, %o: goes to the server with the position', async init => {
    await load('a', ['g']);
    expect(await fromCopy(init)).toBeNull();
    expect(world.call.header('Freshet-Position')).toBe(at(1));
    expect(world.call.header('If-None-Match')).toBe(init.headers && 'If-None-Match' in init.headers ? '"x"' : null);
  });

  test('another origin: goes through without a header of ours', async () => {
    expect(await fromCopy({}, 'https://elsewhere.test/x')).toBeNull();
    expect(world.call.header('Freshet-Position')).toBeNull();
  });
});

describe('a write', () => {
  const put = (): Promise<Response> => client.fetch(url, { method: 'PUT', body: '1' });

  test('acknowledged: its groups are dropped and its position known before the caller sees the answer', async () => {
    await load('a', ['g']);
    const seen = put().then(() => fromCopy());
    await settle();
    await world.call.answer(written('"g"', 7));
    expect(await seen).toBeNull();
    expect(world.call.header('Freshet-Position')).toBe(at(7));
  });

  test('acknowledged while a read is under way: the read is not given again', async () => {
    const read = client.fetch(url);
    await settle();
    const reading = world.call;
    const write = put();
    await settle();
    await world.call.answer(written('"g"', 7));
    await write;
    await reading.answer(kept('old', ['g']));
    await read;
    expect(await fromCopy()).toBeNull();
  });

  test('its position is not resumed from: the events before it have not been told', async () => {
    const write = put();
    await settle();
    await world.call.answer(written('"g"', 7));
    await write;
    world.socket.end(1006);
    await world.advance(1000);
    expect(world.socket.query.get('position')).toBe(at(1));
  });

  test('other groups: the copy stays', async () => {
    await load('a', ['g']);
    const write = put();
    await settle();
    await world.call.answer(written('"h"', 7));
    await write;
    expect(await fromCopy()).toBe('a');
  });

  test.each([
    ['no answer', (): Promise<void> => world.call.fail()],
    ['groups that cannot be read', (): Promise<void> => world.call.answer(written('nonsense', 7))],
    ['everything', (): Promise<void> => world.call.answer(written('"*"', 7))],
    ['a fault on the way', (): Promise<void> => world.call.answer(new Response('', { status: 504 }))],
    ['a redirection', (): Promise<void> => world.call.answer(Object.defineProperty(written(null, 7), 'redirected', { value: true }))],
    ['a hidden answer', (): Promise<void> => world.call.answer(Response.error())],
  ])('%s: everything is dropped', async (_, answer) => {
    await load('a', ['g']);
    const write = put();
    write.catch(() => undefined);
    await settle();
    await answer();
    await write.catch(() => undefined);
    expect(await fromCopy()).toBeNull();
  });

  test('refused: nothing is dropped', async () => {
    await load('a', ['g']);
    const write = put();
    await settle();
    await world.call.answer(new Response('', { status: 409 }));
    await write;
    expect(await fromCopy()).toBe('a');
  });
});

describe('bounds', () => {
  test('more answers than allowed: the least recently used goes', async () => {
    client = tab.client({ maxEntries: 2 });
    await settle();
    world.socket.ready();
    for (const n of [1, 2]) {
      const answer = client.fetch(`${url}/${n}`);
      await settle();
      await world.call.answer(kept(`${n}`, ['g']));
      await answer;
    }
    expect(await fromCopy({}, `${url}/1`)).toBe('1');
    await load('3', ['g']);
    expect(await fromCopy({}, `${url}/2`)).toBeNull();
    expect(await fromCopy({}, `${url}/1`)).toBe('1');
  });

  test('more bytes than allowed: the oldest go; one that is too large alone pushes nothing out', async () => {
    client = tab.client({ maxBytes: 10_000 });
    await settle();
    world.socket.ready();
    for (const [n, length] of [[1, 4000], [2, 4000], [3, 20_000], [4, 4000]] as const) {
      const answer = client.fetch(`${url}/${n}`);
      await settle();
      await world.call.answer(kept('x'.repeat(length), ['g']));
      expect((await (await answer).text()).length).toBe(length);
      if (n === 3) expect(await fromCopy({}, `${url}/1`)).not.toBeNull();
    }
    expect(await fromCopy({}, `${url}/2`)).toBeNull();
    expect(await fromCopy({}, `${url}/4`)).not.toBeNull();
  });
});
