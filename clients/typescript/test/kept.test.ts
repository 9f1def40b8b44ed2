// Which answers are kept, and when they are given without a call.

import { beforeEach, describe, expect, test, vi } from 'vitest';
import { Page, url } from './page';
import { at, kept, notModified, settle } from './server';

let page: Page;

beforeEach(async () => { page = await Page.live(); });

describe('a kept answer', () => {
  test('in contact and untouched: is given without a call, as a real Response', async () => {
    await page.load('a', ['g']);
    const again = await page.client.fetch(url);
    expect(page.world.calls.length).toBe(1);
    expect(again).toBeInstanceOf(Response);
    expect(again.status).toBe(200);
    expect(again.headers.get('ETag')).toBe('"a"');
    expect(await again.clone().text()).toBe('a');
    expect(await again.text()).toBe('a');
    expect(await (await page.client.fetch(url)).text()).toBe('a');
    expect(page.client.stats).toEqual({ calls: 1, saved: 2, notModified: 0, events: 0 });
  });

  test('touched: is asked for again with its entity tag, and a 304 renews it with new groups', async () => {
    await page.load('a', ['g']);
    page.world.socket.touch(2, ['g']);
    const answer = page.client.fetch(url);
    await settle();
    expect(page.world.call.header('If-None-Match')).toBe('"a"');
    expect(page.world.call.header('Freshet-Position')).toBe(at(2));
    await page.world.call.answer(notModified(['h'], { 'X-New': 'yes' }));
    const response = await answer;
    expect([response.status, await response.text(), response.headers.get('X-New'), response.headers.get('ETag')]).toEqual([200, 'a', 'yes', '"a"']);
    expect(page.client.stats.notModified).toBe(1);
    page.world.socket.touch(3, ['g']);
    expect(await page.fromCopy()).toBe('a');
    page.world.socket.touch(4, ['h']);
    expect(await page.fromCopy()).toBeNull();
  });

  test('304: its body is read to the end, though it has none, before the answer is handed on', async () => {
    // Chromium calls a 304 that nobody reads a failed request.
    await page.load('a', ['g']);
    page.world.socket.touch(2, ['g']);
    const answer = page.client.fetch(url);
    await settle();
    const unread = notModified(['g']);
    let end!: () => void;
    const read = vi.fn(() => new Promise(resolve => { end = () => resolve(new ArrayBuffer(0)); }));
    Object.defineProperties(unread, { arrayBuffer: { value: read }, text: { value: read } });
    let given = false;
    void answer.then(() => { given = true; });
    await page.world.call.answer(unread);
    expect([read.mock.calls.length, given]).toEqual([1, false]);
    end();
    expect(await (await answer).text()).toBe('a');
  });

  test('a 304 that names no groups: its copy is handed on and kept no longer', async () => {
    await page.load('a', ['g']);
    page.world.socket.touch(2, ['g']);
    const { call, answer } = await page.ask();
    const bare = notModified(['g']);
    bare.headers.delete('Cache-Groups');
    await call.answer(bare);
    expect(await (await answer).text()).toBe('a');
    expect(await page.fromCopy()).toBeNull();
    expect(page.world.call.header('If-None-Match')).toBeNull();
  });

  test('another group touched: is still given', async () => {
    await page.load('a', ['g']);
    page.world.socket.touch(2, ['other']);
    expect(await page.fromCopy()).toBe('a');
  });

  test.each(['*', 'resync', 'not resumed', 'garbled'])('%s: is not given', async how => {
    await page.load('a', ['g']);
    if (how === '*') page.world.socket.touch(2, ['x', '*']);
    if (how === 'resync') page.world.socket.say({ type: 'resync', data: { position: at(9), reason: 'trimmed' } });
    if (how === 'not resumed') page.world.socket.ready(false, at(9));
    if (how === 'garbled') {
      page.world.socket.say('{');
      await page.world.advance(1000);
      expect(page.world.socket.query.get('position')).toBeNull();
      page.world.socket.ready(true, at(9)); // even if the server were to say so
    }
    expect(await page.fromCopy()).toBeNull();
  });

  test('its time to live is over: is not given', async () => {
    await page.load('a', ['g']);
    for (let second = 0; second < 59; second += 5) { await page.world.advance(5000); page.world.socket.beat(); }
    await page.world.advance(1);
    expect(await page.fromCopy()).toBeNull();
  });

  test('time to live counts from the sending', async () => {
    const answer = page.client.fetch(url);
    await settle();
    const { call } = page.world;
    for (let second = 0; second < 50; second += 5) { await page.world.advance(5000); page.world.socket.beat(); }
    await call.answer(kept('a', ['g']));
    await answer;
    for (let second = 0; second < 10; second += 5) { await page.world.advance(5000); page.world.socket.beat(); }
    expect(await page.fromCopy()).toBeNull();
  });

  test('contact lost: is not given; resumed with nothing missed: is given again', async () => {
    await page.load('a', ['g']);
    page.world.socket.end(1006);
    expect(await page.fromCopy()).toBeNull();
    await page.world.advance(1000);
    page.world.socket.ready(true, at(1));
    expect(await page.fromCopy()).toBe('a');
  });

  test('touched while contact was lost: is not given after resuming', async () => {
    await page.load('a', ['g']);
    page.world.socket.end(1006);
    await page.world.advance(1000);
    expect(page.world.socket.query.get('position')).toBe(at(1));
    page.world.socket.touch(2, ['g']);
    page.world.socket.ready(true, at(2));
    expect(await page.fromCopy()).toBeNull();
  });

  test('another Authorization, Accept or language: is not given', async () => {
    await page.load('a', ['g'], { headers: { Authorization: 'Bearer a' } });
    for (const headers of [{}, { Authorization: 'Bearer b' }, { Authorization: 'Bearer a', Accept: 'text/csv' }, { Authorization: 'Bearer a', 'Accept-Language': 'de' }])
      expect(await page.fromCopy({ headers: headers as HeadersInit })).toBeNull();
    expect(await page.fromCopy({ headers: { Authorization: 'Bearer a' } })).toBe('a');
    expect(await page.fromCopy({ headers: { Authorization: 'Bearer a' }, credentials: 'omit' })).toBeNull();
  });

  test('Vary: given only to requests with the same fields, and neither its body nor its tag to others', async () => {
    await page.load('a', ['g'], { headers: { 'X-Role': 'x' } }, { Vary: 'X-Role, Accept-Encoding' });
    expect(await page.fromCopy({ headers: { 'X-Role': 'x' } })).toBe('a');
    expect(await page.fromCopy({ headers: { 'X-Role': 'y' } })).toBeNull();
    expect(page.world.call.header('If-None-Match')).toBeNull();
  });

  test('an aborted signal: rejects as fetch does', async () => {
    await page.load('a', ['g']);
    await expect(page.client.fetch(url, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('closed: nothing is given any more, and an answer on its way is not kept', async () => {
    await page.load('a', ['g']);
    const { call } = await page.ask({}, `${url}/1`);
    page.client.close();
    await call.answer(kept('b', ['g']));
    for (const address of [url, `${url}/1`]) {
      expect(await page.fromCopy({}, address)).toBeNull();
      expect(page.world.call.header('If-None-Match')).toBeNull();
    }
    expect(page.client.status).toBe('closed');
    expect(page.world.socket.closed).toBe(true);
  });

  test('the server refuses what was kept: it is forgotten', async () => {
    await page.load('a', ['g']);
    page.world.socket.end(1006);
    const answer = page.client.fetch(url);
    await settle();
    await page.world.call.answer(new Response('no', { status: 403 }));
    expect((await answer).status).toBe(403);
    await page.world.advance(1000);
    page.world.socket.ready(true, at(1));
    expect(await page.fromCopy()).toBeNull();
    expect(page.world.call.header('If-None-Match')).toBeNull();
  });

  test('a fault of the server says nothing about what was kept', async () => {
    await page.load('a', ['g']);
    page.world.socket.touch(2, ['g']);
    const answer = page.client.fetch(url);
    await settle();
    await page.world.call.answer(new Response('', { status: 503 }));
    expect((await answer).status).toBe(503);
    await page.fromCopy();
    expect(page.world.call.header('If-None-Match')).toBe('"a"');
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
    const { call, answer } = await page.ask();
    await call.answer(new Response('a', { status, headers }));
    expect(await (await answer).text()).toBe('a');
    expect(await page.fromCopy()).toBeNull();
    expect(page.world.call.header('If-None-Match')).toBeNull();
  });

  test('one from where a redirection led: comes from the server again', async () => {
    const { call, answer } = await page.ask();
    await call.answer(Object.defineProperty(kept('a', ['g']), 'redirected', { value: true }));
    expect(await (await answer).text()).toBe('a');
    expect(await page.fromCopy()).toBeNull();
  });

  test.each([
    { method: 'HEAD' }, { method: 'OPTIONS' }, { cache: 'no-store' as const }, { cache: 'reload' as const }, { cache: 'no-cache' as const },
    { headers: { 'Cache-Control': 'no-cache' } }, { headers: { Range: 'bytes=0-1' } }, { headers: { 'If-None-Match': '"x"' } },
  ])('a request past the copies, %o: goes to the server with the position', async init => {
    await page.load('a', ['g']);
    expect(await page.fromCopy(init)).toBeNull();
    expect(page.world.call.header('Freshet-Position')).toBe(at(1));
    expect(page.world.call.header('If-None-Match')).toBe(init.headers && 'If-None-Match' in init.headers ? '"x"' : null);
  });

  test('another origin: goes through without a header of ours', async () => {
    expect(await page.fromCopy({}, 'https://elsewhere.test/x')).toBeNull();
    expect(page.world.call.header('Freshet-Position')).toBeNull();
  });
});

describe('bounds', () => {
  test('more answers than allowed: the least recently used goes', async () => {
    page = await Page.live({ maxEntries: 2 });
    for (const n of [1, 2]) await page.load(`${n}`, ['g'], {}, {}, `${url}/${n}`);
    expect(await page.fromCopy({}, `${url}/1`)).toBe('1');
    await page.load('3', ['g']);
    expect(await page.fromCopy({}, `${url}/2`)).toBeNull();
    expect(await page.fromCopy({}, `${url}/1`)).toBe('1');
  });

  test('more bytes than allowed: the oldest go; one that is too large alone pushes nothing out', async () => {
    page = await Page.live({ maxBytes: 10_000 });
    for (const [n, length] of [[1, 4000], [2, 4000], [3, 20_000], [4, 4000]] as const) {
      expect((await page.load('x'.repeat(length), ['g'], {}, {}, `${url}/${n}`)).length).toBe(length);
      if (n === 3) expect(await page.fromCopy({}, `${url}/1`)).not.toBeNull();
    }
    expect(await page.fromCopy({}, `${url}/2`)).toBeNull();
    expect(await page.fromCopy({}, `${url}/4`)).not.toBeNull();
  });
});
