import { act, createElement, type ReactNode } from 'react';
import { create, type ReactTestRenderer } from 'react-test-renderer';
import useSWR, { SWRConfig, type Middleware } from 'swr';
import useSWRInfinite from 'swr/infinite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Client } from '../src/index';
import { freshetMiddleware } from '../src/swr';
import { at, kept, origin, settle, written } from './server';
import { World } from './world';

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

let world: World;
let client: Client;
let use: Middleware[];
let page: ReactTestRenderer | null;
let cache: Map<string, never>;
const server = new Map<string, string>();
const asked: string[] = [];

let runs = 0;
const read = (path: string): Promise<string> => (runs++, client).fetch(`${origin}/${path}`).then(answer => answer.text());
const Text = ({ of }: { of: string }): ReactNode => (useSWR(of, read).data as string | undefined) ?? '…';
const Pages = (): ReactNode => {
  const { data, setSize } = useSWRInfinite((index: number) => ['a', 'b', 'c'][index] ?? null, read);
  more = () => void setSize(size => size + 1);
  return data?.join(' ') ?? '…';
};
let more: () => void;
let dedupingInterval: number;

async function show(...children: ReactNode[]): Promise<void> {
  const tree = createElement(SWRConfig, { value: { use, provider: () => cache as never, shouldRetryOnError: false, dedupingInterval } }, ...children);
  await act(async () => {
    if (page) page.update(tree);
    else page = create(tree);
    await settle();
  });
  await answer();
}

async function answer(): Promise<void> {
  for (let turn = 0; world.calls.length; turn++) {
    if (turn > 20) throw new Error('asks without end');
    for (const call of world.calls.splice(0)) {
      const path = new URL(call.request.url).pathname.slice(1);
      await act(() => call.answer(kept(server.get(path)!, [`g${path}`])));
    }
    await act(settle);
  }
}

async function touch(offset: number, groups: string[]): Promise<void> {
  await act(async () => { world.socket.touch(offset, groups); await settle(); });
}

const text = (): string => JSON.stringify(page!.toJSON());
const a = (key = 'a'): ReactNode => createElement(Text, { of: 'a', key });
const b = (): ReactNode => createElement(Text, { of: 'b', key: 'b' });

function setUp(): void {
  for (const key of ['a', 'b', 'c']) server.set(key, `${key}1`);
  asked.length = runs = 0;
  page = null;
  dedupingInterval = 0;
  cache = new Map<string, never>();
  world = new World();
  const tab = world.tab();
  client = tab.client({
    fetch: request => {
      asked.push(new URL(request.url).pathname.slice(1));
      return tab.environment().fetch(request);
    },
  });
  use = [freshetMiddleware(client)];
}

beforeEach(async () => {
  setUp();
  await settle();
  world.socket.ready();
});

afterEach(async () => act(async () => page?.unmount()));

test('a group is touched: exactly the keys that read it are validated again, once for all their hooks', async () => {
  await show(a(), a('again'), b());
  expect(text()).toBe('["a1","a1","b1"]');
  expect(asked).toEqual(['a', 'b']);
  server.set('a', 'a2');
  await touch(2, ['ga']);
  await answer();
  expect(text()).toBe('["a2","a2","b1"]');
  expect(asked).toEqual(['a', 'b', 'a']);
});

test('in contact and untouched: no validation on mount; without contact there is', async () => {
  await show(a());
  await show();
  await show(a());
  expect(runs).toBe(1);
  expect(text()).toBe('"a1"');
  world.socket.end(1006);
  await show();
  await show(a());
  expect(asked).toEqual(['a', 'a']);
});

test('touched while not shown: is validated when it is shown, though it was fetched a moment ago', async () => {
  dedupingInterval = 60_000;
  await show(a());
  await show();
  await touch(2, ['ga']);
  expect(asked).toEqual(['a']);
  server.set('a', 'a2');
  await show(a());
  expect(text()).toBe('"a2"');
  expect(asked).toEqual(['a', 'a']);
});

test('touched between the sending and the answer: is validated again after the answer', async () => {
  await show(a());
  await touch(2, ['ga']);
  const [slow] = world.calls.splice(0);
  await touch(3, ['ga']);
  expect(world.calls.length).toBe(0);
  await act(() => slow!.answer(kept('middle', ['ga'])));
  server.set('a', 'a3');
  await answer();
  expect(text()).toBe('"a3"');
});

test('touched while it is fetched for the first time: is validated again after the answer', async () => {
  await act(async () => {
    page = create(createElement(SWRConfig, { value: { use, provider: () => cache as never } }, a()));
    await settle();
  });
  const [slow] = world.calls.splice(0);
  await touch(2, ['ga']);
  server.set('a', 'a2');
  await act(() => slow!.answer(kept('old', ['ga'])));
  await answer();
  expect(text()).toBe('"a2"');
});

test('the fetch after a touch fails: is validated when it is shown again', async () => {
  await show(a());
  await touch(2, ['ga']);
  await act(() => world.calls.splice(0)[0]!.fail());
  await show();
  server.set('a', 'a2');
  await show(a());
  expect(text()).toBe('"a2"');
});

test('an own write: is asked for at the acknowledgement; the event that tells of it costs no call', async () => {
  await show(a());
  await act(async () => { client.fetch(`${origin}/w`, { method: 'PUT' }).catch(() => undefined); await settle(); });
  await act(() => world.calls.splice(0)[0]!.answer(written('"ga"', 7)));
  server.set('a', 'a2');
  await answer();
  expect(text()).toBe('"a2"');
  await touch(7, ['ga']);
  await answer();
  expect([text(), asked]).toEqual(['"a2"', ['a', 'w', 'a']]);
});

test('the first load: what is answered where contact begins is asked for once', async () => {
  setUp();
  await act(async () => {
    page = create(createElement(SWRConfig, { value: { use, provider: () => cache as never } }, a()));
    await settle();
  });
  const [call] = world.calls.splice(0);
  await act(() => call!.answer(kept('a1', ['ga'], { 'Freshet-Position': at(1) })));
  await act(async () => { world.socket.ready(); await settle(); });
  await answer();
  expect([text(), asked]).toEqual(['"a1"', ['a']]);
});

test('a resync, and silence for two heartbeats: everything shown is validated again', async () => {
  await show(a(), b());
  asked.length = 0;
  await act(async () => { world.socket.say({ type: 'resync', data: { position: at(9), reason: 'trimmed' } }); await settle(); });
  await answer();
  expect(asked.sort()).toEqual(['a', 'b']);
  asked.length = 0;
  world.socket.end(1006);
  await act(() => world.advance(20_001));
  await answer();
  expect(asked.sort()).toEqual(['a', 'b']);
});

test('an infinite key: a touch of any page validates it, all pages of it', async () => {
  await show(createElement(Pages));
  await act(async () => { more(); await settle(); });
  await answer();
  expect(text()).toBe('"a1 b1"');
  for (const [offset, key] of [[2, 'b'], [3, 'a'], [4, 'b']] as const) {
    server.set(key, `${server.get(key)}!`);
    await touch(offset, [`g${key}`]);
    await answer();
  }
  expect(text()).toBe('"a1! b1!!"');
  asked.length = 0;
  await touch(5, ['gc']);
  await answer();
  expect(asked).toEqual([]);
});
