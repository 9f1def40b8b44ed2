// The server under the test's hand: it says and answers what the test tells it to, and judges nothing.

import type { Socket } from '../src/index';

export const origin = 'https://api.test';

/** Lets everything that waits for a promise, or for a turn of the loop, go on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(resolve => setTimeout(resolve, 0));
}

/** A place in each log, as the server's messages have it. */
export function at(own: number, shared = 1, epoch = 0): string {
  return `${token(own, epoch)}.${token(shared, epoch, 1)}`;
}

/** A place in one log; of the own one unless told. Any MAC: a client does not judge it. */
export function token(offset: number, epoch = 0, log = 0): string {
  const bytes = Buffer.alloc(42);
  bytes[0] = 2;
  bytes[1] = log;
  bytes.fill(epoch, 2, 18);
  bytes.writeBigUInt64LE(BigInt(offset), 18);
  return bytes.toString('base64url');
}

/** A place in the log of another tenant, whose name is sealed. */
export function named(log: number, offset: number, epoch = 0): string {
  const bytes = Buffer.alloc(42 + 32, log);
  Buffer.from(token(offset, epoch, 2), 'base64url').copy(bytes);
  return bytes.toString('base64url');
}

export class FakeSocket implements Socket {
  onmessage: Socket['onmessage'] = null;
  onclose: Socket['onclose'] = null;
  readonly sent: string[] = [];
  closed = false;
  readonly query: URLSearchParams;

  constructor(readonly url: string, readonly protocols: string[]) {
    this.query = new URL(url).searchParams;
  }

  send(text: string): void { this.sent.push(text); }
  close(): void { this.closed = true; }

  say(message: unknown): void {
    this.onmessage?.({ data: typeof message === 'string' ? message : JSON.stringify(message) });
  }

  sayRaw(data: unknown): void { this.onmessage?.({ data }); }
  ready(resumed = false, position = at(1), heartbeat = 10): void { this.say({ type: 'ready', data: { position, heartbeat, resumed } }); }
  beat(): void { this.say({ type: 'heartbeat' }); }

  touch(offset: number, tags: string[], more: object = {}): void {
    this.say({
      type: 'cache_invalidation',
      data: { entity: 'import', id: '1', action: 'updated', entities: ['import'], tags, position: at(offset), time: '2026-11-22T17:00:00.000Z', ...more },
    });
  }

  end(code: number, reason = ''): void {
    this.closed = true;
    this.onclose?.({ code, reason });
  }
}

/** A call that waits for the test's answer. */
export class FakeCall {
  readonly answered: Promise<Response>;
  #resolve!: (response: Response) => void;
  #reject!: (error: unknown) => void;

  constructor(readonly request: Request) {
    this.answered = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  header(name: string): string | null { return this.request.headers.get(name); }
  async answer(response: Response): Promise<void> { this.#resolve(response); await settle(); }
  async fail(error: unknown = new TypeError('network')): Promise<void> { this.#reject(error); await settle(); }
}

/** An answer that Freshet stored. */
export function kept(body: string, groups: string[], more: Record<string, string> = {}): Response {
  return new Response(body, {
    headers: {
      'Cache-Control': 'private, no-cache', 'Cache-Status': 'Freshet; hit; ttl=60; detail=fresh', ETag: `"${body}"`,
      'Cache-Groups': groups.map(group => `"${group}"`).join(', '), ...more,
    },
  });
}

export function notModified(groups: string[], more: Record<string, string> = {}): Response {
  const { headers } = kept('', groups, more);
  headers.delete('ETag');
  return new Response(null, { status: 304, headers });
}

export function written(groups: string | null, offset: number): Response {
  const headers = new Headers({ 'Freshet-Position': token(offset) });
  if (groups !== null) headers.set('Cache-Group-Invalidation', groups);
  return new Response('ok', { headers });
}
