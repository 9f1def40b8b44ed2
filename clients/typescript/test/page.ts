// One page with one client, and what its tests ask of it.

import type { Client, ClientOptions } from '../src/index';
import { kept, origin, settle, type FakeCall } from './server';
import { World, type Tab } from './world';

export const url = `${origin}/api/imports`;

/** Pages of one identity share their connection. */
export const alice = { identity: 'alice' };

/** A page that has not heard of the server yet. */
export class Page {
  readonly client: Client;
  readonly tab: Tab;

  constructor(readonly world = new World(), options: Partial<ClientOptions> = {}) {
    this.tab = world.tab();
    this.client = this.tab.client(options);
  }

  /** One that is in contact; everything up to `at(1)` is known. */
  static async live(options: Partial<ClientOptions> = {}): Promise<Page> {
    const page = new Page(new World(), options);
    await settle();
    page.world.socket.ready();
    return page;
  }

  /** Asks, and gives the call that the server has to answer. */
  async ask(init?: RequestInit, address = url): Promise<{ call: FakeCall; answer: Promise<Response> }> {
    const answer = this.client.fetch(address, init);
    answer.catch(() => undefined);
    await settle();
    return { call: this.world.call, answer };
  }

  /** Asks and answers. */
  async load(body: string, groups: string[], init?: RequestInit, more?: Record<string, string>, address = url): Promise<string> {
    const { call, answer } = await this.ask(init, address);
    await call.answer(kept(body, groups, more));
    return (await answer).text();
  }

  /** Writes, and answers so. */
  async write(answer: Response): Promise<void> {
    const write = await this.ask({ method: 'PUT', body: '1' });
    await write.call.answer(answer);
    await write.answer;
  }

  /** What the next fetch gives when nobody answers: the text of a copy, or null when it became a call. */
  async fromCopy(init?: RequestInit, address = url): Promise<string | null> {
    const before = this.world.calls.length;
    const { answer } = await this.ask(init, address);
    return this.world.calls.length === before ? (await answer).text() : null;
  }

  /** Whether there is a copy that is given without a call. */
  async isKept(): Promise<boolean> { return await this.fromCopy() !== null; }
}
