// A page whose queries are TanStack's, and the server that answers them.

import { QueryClient, QueryObserver } from '@tanstack/query-core';
import type { Client } from '../src/index';
import { connectQueryClient } from '../src/tanstack';
import { kept, origin, settle } from './server';
import { World } from './world';

export class QueryPage {
  readonly world = new World();
  readonly queries = new QueryClient();
  /** What each address has now; answered at once unless held. */
  readonly server = new Map(['a', 'b', 'c'].map(key => [key, { body: `${key}1`, groups: [`g${key}`] }]));
  readonly asked: string[] = [];
  readonly ends: (() => void)[] = [];
  hold = false;
  client!: Client;
  disconnect!: () => void;

  constructor() {
    this.queries.mount();
    this.connect();
  }

  /** One that is in contact; everything up to `at(1)` is known. */
  static async live(): Promise<QueryPage> {
    const page = new QueryPage();
    await settle();
    page.world.socket.ready();
    return page;
  }

  /** Makes a client, that is not in contact yet. */
  connect(): void {
    const tab = this.world.tab();
    this.client = tab.client({
      fetch: request => {
        this.asked.push(new URL(request.url).pathname.slice(1) + new URL(request.url).search);
        return tab.environment().fetch(request);
      },
    });
    this.disconnect = connectQueryClient(this.client, this.queries);
  }

  read(path: string, init?: RequestInit): Promise<string> {
    return this.client.fetch(`${origin}/${path}`, init).then(answer => answer.text());
  }

  show(
    key: string, queryFn: (context: { signal: AbortSignal }) => Promise<unknown> = () => this.read(key), more: object = {},
  ): { data: () => unknown; refocus: () => Promise<void> } {
    const observer = new QueryObserver(this.queries, { queryKey: [key], queryFn, retry: false, ...more } as never);
    this.ends.push(observer.subscribe(() => undefined));
    return {
      data: () => observer.getCurrentResult().data,
      refocus: async () => { this.queries.getQueryCache().onFocus(); await settle(); },
    };
  }

  /** Answers until nobody asks any more. */
  async run(): Promise<void> {
    await settle();
    for (let turn = 0; this.world.calls.length && !this.hold; turn++) {
      if (turn > 20) throw new Error('asks without end');
      for (const call of this.world.calls.splice(0)) {
        const { body, groups } = this.server.get(new URL(call.request.url).pathname.slice(1))!;
        await call.answer(kept(body, groups));
      }
      await settle();
    }
  }

  close(): void {
    for (const end of this.ends.splice(0)) end();
    this.queries.clear();
  }
}
