// A write of the page's own, in every form that it can have: rules C9 and E8.4.

import { beforeEach, describe, expect, test } from 'vitest';
import { alice, Page, url } from './page';
import { at, kept, named, settle, token, written } from './server';
import { World } from './world';

const position = 'Freshet-Position';
const other = `${url}/other`;
let page: Page;

beforeEach(async () => { page = await Page.live(); });

/** The answer to what has written, which bears the position that the page carried. */
function wrote(groups: string, more: Record<string, string> = {}, status = 200, at_ = at(1)): Response {
  const headers = { 'Cache-Group-Invalidation': groups, [position]: at_, ...more };
  return new Response([204, 304].includes(status) ? null : 'ok', { status, headers });
}

describe('what the position of the answer does not tell is after every place', () => {
  test.each([
    ['it waits to be logged', wrote('"g"', { 'Freshet-Pending': '?1' })],
    ['some of it waits to be logged', wrote('"h", "g"', { 'Freshet-Pending': '?1' }, 200, at(7))],
    ['the handler goes on', wrote('"*"')],
    ['groups that cannot be read', wrote('nonsense')],
  ])('%s', async (_, answer) => {
    await page.load('a', ['g']);
    await page.write(answer);
    expect(await page.fromCopy()).toBeNull();
  });

  test('nor is what was on its way given again', async () => {
    const read = await page.ask();
    await page.write(wrote('"g"', { 'Freshet-Pending': '?1' }));
    await read.call.answer(kept('old', ['g']));
    await read.answer;
    expect(await page.fromCopy()).toBeNull();
  });

  test('all of it is told: what was asked for with that position stays', async () => {
    page.world.socket.touch(7, ['x']);
    await page.load('a', ['g']);
    await page.write(wrote('"g"', {}, 200, at(7)));
    expect(await page.fromCopy()).toBe('a');
  });
});

describe('the head was sent before the handler ended', () => {
  const methods = ['PUT', 'GET'] as const;

  async function begin(method: string): Promise<{ body: ReadableStreamDefaultController; answer: Response }> {
    let body!: ReadableStreamDefaultController;
    const stream = new ReadableStream({ start(controller) { body = controller; } });
    const write = await page.ask({ method }, other);
    await write.call.answer(new Response(stream, { status: 201, statusText: 'Made', headers: wrote('"*"').headers }));
    body.enqueue(new TextEncoder().encode('begun'));
    // The handler writes a row now, and this was read before it.
    await page.load('a', ['g']);
    expect(await page.fromCopy()).toBe('a');
    return { body, answer: await write.answer };
  }

  test.each(methods)('%s: what is read meanwhile is not given after its end', async method => {
    const { body, answer } = await begin(method);
    expect([answer.status, answer.statusText, answer.headers.get(position)]).toEqual([201, 'Made', at(1)]);
    const seen = answer.text().then(async text => [text, await page.fromCopy()]);
    await settle();
    body.close();
    await settle();
    expect(await seen).toEqual(['begun', null]);
    await page.load('b', ['g']);
    expect(await page.fromCopy()).toBe('b');
  });

  test.each(methods)('%s: nor after it was cut off', async method => {
    const { body, answer } = await begin(method);
    const seen = answer.text().catch(async () => page.fromCopy());
    await settle();
    body.error(new TypeError('cut'));
    expect(await seen).toBeNull();
  });

  test.each(methods)('%s: nor after it was given up', async method => {
    const { answer } = await begin(method);
    await answer.body!.cancel();
    expect(await page.fromCopy()).toBeNull();
  });

  test('the answer keeps what a constructed one lacks', async () => {
    const write = await page.ask({ method: 'PUT' }, other);
    await write.call.answer(Object.defineProperties(wrote('"*"'), { url: { value: other }, type: { value: 'basic' } }));
    const { url: address, type, redirected } = await write.answer;
    expect([address, type, redirected]).toEqual([other, 'basic', false]);
  });
});

describe('a read that writes', () => {
  test.each([['GET', 200], ['GET', 304], ['GET', 500], ['HEAD', 200], ['OPTIONS', 204]])('%s %d: drops what it names, and its positions are carried', async (method, status) => {
    await page.load('a', ['g']);
    await page.load('b', ['h'], {}, {}, other);
    await page.load('c', ['s'], {}, {}, `${url}/seen`);
    const read = await page.ask({ method, cache: 'no-store' }, `${url}/seen`);
    await read.call.answer(wrote('"g", "s"', {}, status, `${token(6)}.${named(1, 9)}`));
    await read.answer;
    expect(await page.fromCopy({}, other)).toBe('b');
    expect(await page.fromCopy()).toBeNull();
    expect(page.world.call.header(position)).toBe(`${at(6)}.${named(1, 9)}`);
  });

  test('of what there is a copy of', async () => {
    await page.load('a', ['g']);
    await page.load('c', ['s'], {}, {}, other);
    page.world.socket.touch(2, ['s']);
    const read = await page.ask({}, other);
    await read.call.answer(wrote('"g"', {}, 304, at(7)));
    expect(await (await read.answer).text()).toBe('c');
    expect(await page.fromCopy()).toBeNull();
    expect(page.world.call.header(position)).toBe(at(7));
  });

  test('that names no groups: its position is carried; a place is not', async () => {
    page = new Page();
    await settle();
    await page.load('a', ['g'], {}, { [position]: at(1) });
    const read = await page.ask({}, other);
    expect(read.call.header(position)).toBe('?');
    await read.call.answer(new Response('ok', { headers: { [position]: at(6) } }));
    await read.answer;
    expect((await page.ask()).call.header(position)).toBe(at(6));
  });
});

describe('positions of other logs', () => {
  test('are carried until an answer no longer names them', async () => {
    await page.write(written(null, 2));
    await page.write(wrote('"h"', {}, 200, `${named(1, 5)}.${named(2, 6)}`));
    expect((await page.ask()).call.header(position)).toBe(`${at(2)}.${named(1, 5)}.${named(2, 6)}`);
    await page.write(wrote('"h"', {}, 200, `${token(7)}.${named(2, 6)}`));
    expect((await page.ask()).call.header(position)).toBe(`${at(7)}.${named(2, 6)}`);
  });

  test('writes that are on their way together share the room for them', async () => {
    const writes = [];
    for (let i = 0; i < 6; i++) writes.push(await page.ask({ method: 'PUT' }));
    const granted = writes.map(({ call }) => call.header(position)!.slice(-2));
    expect(granted).toEqual(['?4', '?2', '?1', '?1', '?0', '?0']);
    let log = 0;
    for (const [i, { call, answer }] of writes.entries()) {
      const told = Array.from({ length: Number(granted[i]![1]) }, () => named(++log, 1));
      await call.answer(wrote('"h"', {}, 200, told.join('.')));
      await answer;
    }
    expect((await page.ask()).call.header(position)).toBe([at(1), ...[1, 2, 3, 4, 5, 6, 7, 8].map(i => named(i, 1))].join('.'));
    const write = await page.ask({ method: 'PUT' });
    expect(write.call.header(position)!.endsWith('.?0')).toBe(true);
    await write.call.fail();
  });

  test('what a request on its way carries keeps its place: its answer may name it again', async () => {
    await page.write(wrote('"h"', {}, 200, `${named(1, 5)}.${named(2, 5)}`));
    const read = await page.ask(); // a GET may write, too
    await page.write(wrote('"h"', {}, 200, token(7))); // both logs show everywhere
    const granted = async (): Promise<string> => {
      const write = await page.ask({ method: 'PUT' });
      await write.call.answer(wrote('"h"', {}, 200));
      await write.answer;
      return write.call.header(position)!.slice(-2);
    };
    expect(await granted()).toBe('?3'); // half of six
    await read.call.answer(new Response('ok'));
    await read.answer;
    expect(await granted()).toBe('?4'); // half of eight
  });

  test('one that failed gives its room back', async () => {
    const write = await page.ask({ method: 'PUT' });
    await write.call.fail();
    await write.answer.catch(() => undefined);
    expect((await page.ask({ method: 'PUT' })).call.header(position)).toBe(`${at(1)}.?4`);
  });

  test('a place in another order is the same place', async () => {
    await page.write(wrote('"h"', {}, 200, `${named(1, 5)}.${named(2, 6)}`));
    await page.load('a', ['g']);
    await page.write(wrote('"g"', {}, 200, `${named(2, 6)}.${named(1, 5)}`));
    expect(await page.fromCopy()).toBe('a');
  });
});

describe('among tabs', () => {
  let world: World;
  let first: Page, second: Page;

  beforeEach(async () => {
    world = new World();
    first = new Page(world, alice);
    await settle();
    second = new Page(world, alice);
    await settle();
    world.socket.ready();
    await settle();
  });

  test('what one has written without telling all of it is after every place in the other', async () => {
    await second.load('a', ['g']);
    await first.write(wrote('"g"', { 'Freshet-Pending': '?1' }));
    await settle();
    expect(await second.fromCopy()).toBeNull();
  });

  test('one that begins later carries what the others have written', async () => {
    await second.write(wrote('"h"', {}, 200, `${token(7)}.${named(1, 5)}`));
    await settle();
    const third = new Page(world, alice);
    await settle();
    expect((await third.ask()).call.header(position)).toBe(`${at(7)}.${named(1, 5)}`);
  });
});
