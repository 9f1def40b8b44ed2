// Who listens hears of each change, and does not stand in the way of others.

import { beforeEach, describe, expect, test } from 'vitest';
import type { Change } from '../src/index';
import { Page } from './page';
import { at } from './server';

let page: Page;

beforeEach(async () => { page = await Page.live(); });

describe('listeners', () => {
  test('all changes, or those of one kind; merged ones count for each', () => {
    const all: (string | null)[] = [], mappings: (string | null)[] = [];
    page.client.subscribe(change => all.push(change.id));
    const end = page.client.subscribe({ entity: 'mapping' }, change => mappings.push(change.id));
    page.world.socket.touch(2, ['g']);
    page.world.socket.touch(3, ['g'], { entity: 'mapping', id: 'm', entities: ['mapping'] });
    page.world.socket.touch(4, ['g'], { entity: null, id: null, action: 'bulk_operation', entities: ['import', 'mapping'] });
    end();
    page.world.socket.touch(5, ['g'], { entity: 'mapping', id: 'm', entities: ['mapping'] });
    expect(all).toEqual(['1', 'm', null, 'm']);
    expect(mappings).toEqual(['m', null]);
    expect(page.client.stats.events).toBe(4);
  });

  test('hears of a gap, with a filter too', () => {
    const actions: string[] = [];
    page.client.subscribe({ entity: 'mapping' }, change => actions.push(change.action));
    page.world.socket.say({ type: 'resync', data: { position: at(9), reason: 'trimmed' } });
    expect(actions).toEqual(['resync']);
  });

  test('one that throws: the others hear, and the fault comes to light', async () => {
    let heard = 0;
    page.client.subscribe(() => { throw new Error('the page'); });
    page.client.subscribe(() => heard++);
    page.world.socket.touch(2, ['g']);
    expect(heard).toBe(1);
    await expect(page.world.advance(0)).rejects.toThrow('the page');
  });

  test('one that closes the client: nothing happens after', async () => {
    page.client.subscribe(() => page.client.close());
    page.world.socket.touch(2, ['g']);
    await page.world.advance(60_000);
    expect([page.client.status, page.world.sockets.length]).toEqual(['closed', 1]);
  });

  test('what other writes name of a change is as the server said', () => {
    let seen: Change | undefined;
    page.client.subscribe(change => { seen = change; });
    page.world.socket.touch(2, ['g'], { id: 7, entities: 'x', action: null });
    expect(seen).toEqual({ entity: 'import', id: null, action: 'invalidated', entities: [], time: '2026-11-22T17:00:00.000Z' });
  });
});
