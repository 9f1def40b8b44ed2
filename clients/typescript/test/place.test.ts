// The place of an answer: what was told up to there does not concern it any more.

import { beforeEach, describe, expect, test } from 'vitest';
import { Page } from './page';
import { at, kept, notModified, settle, token, written } from './server';

const position = 'Freshet-Position';

describe('a page that knows no position', () => {
  let page: Page;

  beforeEach(async () => {
    page = new Page();
    await settle();
  });

  test('asks for the place of each answer, until it knows one', async () => {
    expect((await page.ask()).call.header(position)).toBe('?');
    expect((await page.ask({ cache: 'no-store' })).call.header(position)).toBe('?');
    expect((await page.ask({ method: 'HEAD' })).call.header(position)).toBeNull();
    // It says that the page keeps answers, so that the head tells all that was touched, and for how many more logs it has room.
    expect((await page.ask({ method: 'PUT' })).call.header(position)).toBe('?4');
    page.world.socket.ready();
    expect((await page.ask()).call.header(position)).toBe(at(1));
  });

  test('a position that the page sends by itself: goes along with what is known', async () => {
    const init = { headers: { [position]: token(3) } };
    expect((await page.ask(init)).call.header(position)).toBe(token(3));
    page.world.socket.ready();
    expect((await page.ask(init)).call.header(position)).toBe(at(3));
  });

  const places: [string, string, boolean][] = [
    ['where contact begins', at(5, 5), true],
    ['later', at(6, 7), true],
    ['before, in the own log', at(4, 5), false],
    ['before, in the public log', at(5, 4), false],
    ['of another epoch', at(9, 9, 1), false],
    ['in the own log only', token(5), false],
    ['in the public log only', token(5, 0, 1), false],
    ['nowhere that can be read', '?', false],
  ];

  test.each(places)('answered %s, then contact begins without resuming: given again or not', async (_, place, stays) => {
    await page.load('a', ['g'], {}, { [position]: place });
    page.world.socket.ready(false, at(5, 5));
    expect(await page.fromCopy()).toBe(stays ? 'a' : null);
    if (!stays) expect(page.world.call.header('If-None-Match')).toBe('"a"');
  });

  test.each(places)('contact begins without resuming, then answered %s: given again or not', async (_, place, stays) => {
    const { call, answer } = await page.ask();
    page.world.socket.ready(false, at(5, 5));
    await call.answer(kept('a', ['g'], { [position]: place }));
    expect(await (await answer).text()).toBe('a');
    expect(await page.fromCopy()).toBe(stays ? 'a' : null);
  });

  test('answered without a place: is asked for again', async () => {
    await page.load('a', ['g']);
    page.world.socket.ready();
    expect(await page.fromCopy()).toBeNull();
  });

  test('answered later than contact began: what is told up to there is passed over, what is told beyond is not', async () => {
    await page.load('a', ['g'], {}, { [position]: at(6, 7) });
    page.world.socket.ready(false, at(5, 5));
    page.world.socket.touch(6, ['g'], { position: at(6, 7) });
    expect(await page.fromCopy()).toBe('a');
    page.world.socket.touch(6, ['g'], { position: at(6, 8) });
    expect(await page.fromCopy()).toBeNull();
  });

  test('the place of one answer is not a position that the page knows', async () => {
    await page.load('a', ['g'], {}, { [position]: at(6) });
    expect((await page.ask({ method: 'PUT' })).call.header(position)).toBe('?4');
    page.world.socket.end(1006);
    await page.world.advance(1000);
    expect(page.world.socket.query.get('position')).toBeNull();
  });
});

describe('an answer to a request that carried a position', () => {
  let page: Page;

  beforeEach(async () => { page = await Page.live(); });

  const resync = (own: number): void => page.world.socket.say({ type: 'resync', data: { position: at(own), reason: 'trimmed' } });

  test('told of up to there: is given again; told beyond: is not', async () => {
    page.world.socket.touch(7, ['g']);
    await page.load('a', ['g']);
    for (const tags of [['g'], ['*']]) page.world.socket.touch(7, tags);
    resync(7);
    page.world.socket.ready(false, at(7));
    expect(await page.fromCopy()).toBe('a');
    page.world.socket.touch(8, ['h', 'g'], { entity: null, id: null, action: 'bulk_operation' });
    expect(await page.fromCopy()).toBeNull();
  });

  test.each<[string, (page: Page) => void]>([
    ['a later place', () => resync(8)],
    ['another epoch', () => page.world.socket.touch(7, ['g'], { position: at(7, 1, 1) })],
    ['a later place in the public log', () => page.world.socket.touch(7, ['g'], { position: at(7, 2) })],
    ['no position', () => page.world.socket.touch(7, ['g'], { position: null })],
    ['what cannot be read', async () => {
      page.world.socket.say('{');
      await page.world.advance(1000);
      page.world.socket.ready(true, at(7)); // even if the server were to say so
    }],
  ])('told of %s: is not given again', async (_, tell) => {
    page.world.socket.touch(7, ['g']);
    await page.load('a', ['g']);
    expect(await page.fromCopy()).toBe('a');
    await tell(page);
    expect(page.client.status).toBe('live');
    expect(await page.fromCopy()).toBeNull();
  });

  test('names a position itself: that is not its place', async () => {
    // The server gives a client that carried a lost epoch where it stands, which may be later than what it loaded.
    await page.load('a', ['g'], {}, { [position]: at(9) });
    page.world.socket.touch(5, ['g']);
    expect(await page.fromCopy()).toBeNull();
  });

  test('304: the copy moves to the place of the 304', async () => {
    await page.load('a', ['g']);
    page.world.socket.touch(7, ['g']);
    const { call, answer } = await page.ask();
    expect(call.header('If-None-Match')).toBe('"a"');
    await call.answer(notModified(['g']));
    await answer;
    resync(7);
    expect(await page.fromCopy()).toBe('a');
    resync(8);
    expect(await page.fromCopy()).toBeNull();
  });

  test('more is told while it is under way than anybody keeps: is not given again', async () => {
    const { call } = await page.ask();
    for (let n = 0; n <= 1000; n++) page.world.socket.touch(2 + n, ['h']);
    await call.answer(kept('a', ['g']));
    expect(await page.fromCopy()).toBeNull();
  });
});

describe('an own write', () => {
  let page: Page;

  beforeEach(async () => {
    page = await Page.live();
    await page.load('old', ['g']);
  });

  test('acknowledged, asked for again, then told: costs one call', async () => {
    await page.write(written('"g"', 7));
    expect(await page.load('new', ['g'])).toBe('new');
    expect(page.world.call.header(position)).toBe(at(7));
    page.world.socket.touch(7, ['g']);
    expect(await page.fromCopy()).toBe('new');
  });

  test('told while it is asked for again: costs one call', async () => {
    await page.write(written('"g"', 7));
    const { call } = await page.ask();
    page.world.socket.touch(7, ['g']);
    await call.answer(kept('new', ['g']));
    expect(await page.fromCopy()).toBe('new');
  });

  test('told and asked for again before it is acknowledged: costs one call', async () => {
    const write = await page.ask({ method: 'PUT' });
    page.world.socket.touch(7, ['g']);
    await page.load('new', ['g']);
    await write.call.answer(written('"g"', 7));
    expect(await page.fromCopy()).toBe('new');
  });

  test('told together with a later one of somebody else: is asked for again', async () => {
    await page.write(written('"g"', 7));
    await page.load('new', ['g']);
    page.world.socket.touch(8, ['g', 'h']);
    expect(await page.fromCopy()).toBeNull();
  });

  test('acknowledged between sending and answer of a call that carried less: the answer is not given again', async () => {
    const { call } = await page.ask({ cache: 'default', headers: { Accept: 'x' } });
    await page.write(written('"g"', 7));
    await call.answer(kept('old', ['g']));
    expect(await page.fromCopy({ headers: { Accept: 'x' } })).toBeNull();
  });

  test.each<[string, () => Response]>([
    ['a redirection', () => Object.defineProperty(written(null, 7), 'redirected', { value: true })],
    ['a fault on the way', () => new Response('', { status: 504, headers: { [position]: token(7) } })],
  ])('%s, which hides what it touched: everything is dropped, whatever position it names', async (_, answer) => {
    page.world.socket.touch(7, ['g']);
    await page.load('new', ['g']);
    expect(await page.fromCopy()).toBe('new');
    await page.write(answer());
    expect(await page.fromCopy()).toBeNull();
  });
});
