import { createHmac } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseGroups } from '../src/groups';
import { parseMessage } from '../src/messages';
import { latest, unsettled } from '../src/position';
import { settle } from './server';
import { World } from './world';

const vectors = (prefix: string): { name: string; direction: string; text: string; meaning: Record<string, unknown> }[] =>
  readdirSync(folder).filter(file => file.startsWith(prefix)).map(file => vector(file));
const folder = new URL('../../../tests/vectors/events/', import.meta.url);
// eslint-disable-next-line @typescript-eslint/no-explicit-any
const vector = (file: string): any => JSON.parse(readFileSync(new URL(file, folder), 'utf8'));

interface Token { tenant: string; log: number; epoch: string; offset: string; token: string }
interface Group { tenant: string; kind: string; hash: string; name: string }

const positions = vector('positions.json');
const groups = vector('groups.json');

describe('server messages', () => {
  test.each(vectors('server-').map(v => [v.name, v] as const))('%s', (_, { direction, text, meaning }) => {
    expect(direction).toBe('server');
    const message = parseMessage(text);
    expect(message.type).toBe(meaning.type === 'subscribed' ? 'heartbeat' : meaning.type);
    if (meaning.position) expect(message.position).toBe(meaning.position);
    if (message.type === 'ready') expect([message.heartbeat / 1000, !message.gap]).toEqual([meaning.heartbeat, meaning.resumed]);
    if (message.type === 'cache_invalidation') {
      expect(message.touched ?? '*').toEqual(meaning.touched);
      const { entity, id, action, entities } = meaning;
      expect(message.change).toMatchObject({ entity, id, action, entities });
    }
  });
});

describe('client messages', () => {
  test('Are you there: as the client sends it', async () => {
    const world = new World();
    world.tab().client();
    await settle();
    world.socket.ready();
    await world.advance(15_000);
    expect(JSON.parse(world.socket.sent[0]!)).toEqual(JSON.parse(vector('client-ping.json').text));
  });

  test.each(vectors('client-').map(v => [v.name, v] as const))('%s: the text means what it says', (_, { direction, text, meaning }) => {
    expect(direction).toBe('client');
    const { type, data } = JSON.parse(text);
    expect({ type, ...data }).toEqual(meaning);
  });
});

describe('positions', () => {
  const hmac = (key: Buffer, ...parts: (string | Buffer)[]): Buffer =>
    createHmac('sha256', key).update(Buffer.concat(parts.map(part => Buffer.from(part as string)))).digest();

  test.each<Token>(positions.tokens)('token %o is what E1 says', ({ tenant, log, epoch, offset, token }) => {
    const eight = Buffer.alloc(8);
    eight.writeBigUInt64LE(BigInt(offset));
    const head = Buffer.concat([Buffer.from([2, log]), Buffer.from(epoch, 'hex'), eight]);
    const mac = hmac(Buffer.from(positions.sessionKey, 'hex'), tenant, Buffer.from([0xff]), head).subarray(0, 16);
    expect(token).toBe(Buffer.concat([head, mac]).toString('base64url'));
    expect(token.length).toBe(56);
    expect(latest(token)).toBe(token);
  });

  test.each<Group>(groups.names)('group %o', ({ tenant, kind, hash, name }) => {
    const eight = Buffer.alloc(8);
    eight.writeBigUInt64LE(BigInt(hash));
    const key = hmac(Buffer.from(groups.sessionKey, 'hex'), 'freshet groups 1');
    expect(key.toString('hex')).toBe(groups.groupKey);
    expect(hmac(key, tenant, Buffer.from([0xff, kind === 'at' ? 0x61 : 0x62]), eight).subarray(0, 6).toString('base64url')).toBe(name);
  });

  test.each<{ name: string; text: string; client: object }>(positions.read)('read: $name', ({ text, client }) => {
    const bytes = latest(text).split('.').filter(Boolean).map(token => Buffer.from(token, 'base64url'));
    const offsets: Record<string, string> = {};
    for (const token of bytes) offsets[token[1]!] = `${offsets[token[1]!] ?? ''} ${token.readBigUInt64LE(18)}`.trim();
    expect(offsets).toEqual(client);
  });

  test.each<{ name: string; known: string; received: string; result: string }>(positions.later)('later: $name', ({ known, received, result }) => {
    expect(latest(known, received)).toBe(result);
  });

  test.each<{ name: string; known: string; carried: string; named: string; result: string }>(positions.settled)(
    'settled: $name', ({ known, carried, named, result }) => { expect(unsettled(known, carried, named)).toBe(result); });

  test.each<{ token: string }>(positions.named)('named: $token', ({ token }) => { expect(latest(token)).toBe(token); });

  test('more epochs than are carried: the one heard of first is forgotten', () => {
    const at = (epoch: number, offset: number): string => {
      const token = Buffer.alloc(42);
      token[0] = 2;
      token[2] = epoch;
      token[18] = offset;
      return token.toString('base64url');
    };
    const three = latest(at(1, 5), at(2, 7), at(3, 1));
    expect(three).toBe([at(1, 5), at(2, 7), at(3, 1)].join('.'));
    expect(latest(three, at(1, 6), at(2, 3))).toBe([at(1, 6), at(2, 7), at(3, 1)].join('.'));
    expect(latest(three, at(4, 0))).toBe([at(2, 7), at(3, 1), at(4, 0)].join('.'));
  });

  test.each([null, 7, {}, [], '.'.repeat(100_000), 'Ag'.repeat(50_000)])('hostile %#: no position', text => {
    expect(latest(text)).toBe('');
  });
});

describe('lists of groups', () => {
  test.each<{ text: string; names: string[] | null }>(groups.fields)('$text', ({ text, names }) => {
    expect(parseGroups(text)).toEqual(names && new Set(names));
  });

  test('a field without end is refused, and none takes long', () => {
    expect(parseGroups(`"${'a'.repeat(40_000)}"`)).toBeNull();
    for (const evil of ['"a";', '"a"  ', '"\\\\', '"a", ', ';;"a"']) {
      const start = process.cpuUsage().user;
      expect(parseGroups(`${evil.repeat(Math.floor(32_000 / evil.length))}!`)).toBeNull();
      expect(process.cpuUsage().user - start).toBeLessThan(500_000);
    }
  });
});
