// Every call of the page goes through here, and is reported with where its answer came from and why.

import { createClient } from './freshet-client.js';

const listeners = [];

/** Conflict, and Precondition Failed. */
const changedMeanwhile = [409, 412];

/** Calls back with { pane, method, path, status, from, why, etag, ms, bytes } for each answer of the API. */
export function onAnswer(listener) {
  listeners.push(listener);
}

/** One signed-in user, with Freshet's client or, to compare, with nothing but fetch. */
export class Session {
  #pane;
  #page;
  #user = '';
  #identity = '';
  #token = '';
  #client = null;
  #sent = null;

  /** The page has touched(), change(of) and status(text), called as the client hears; never while there is no client. */
  constructor(pane, page) {
    this.#pane = pane;
    this.#page = page;
  }

  async signIn(user = this.#user) {
    const { token, tenant, user: id } = await post('/dev/token', { user });
    this.#user = user;
    this.#token = token;
    this.#identity = `${tenant}/${id}`;
  }

  /** Begins anew: with the client, or without. */
  start(withClient) {
    const old = this.#client;
    this.#client = null;
    old?.close();
    if (!withClient) {
      this.#page.status('polling');
      return;
    }
    const client = this.#client = createClient({
      events: '/ws/cache-events',
      identity: this.#identity,
      token: () => this.#token,
      fetch: request => this.#sent = fetch(request),
    });
    const current = hear => (...told) => { if (this.#client === client) hear(...told); };
    client.onStatus(current(status => this.#page.status(status)));
    client.subscribe(current(change => this.#page.change(change)));
    client.tracking.onTouched(current(() => this.#page.touched()));
    this.#page.status(client.status);
  }

  read(path) {
    return this.#send('GET', path);
  }

  /** Changes what is shown in the given version, and nothing newer that somebody else has made of it. */
  write(method, path, version, body) {
    return this.#send(method, path, { 'Content-Type': 'application/json', 'If-Match': `"${version}"` }, JSON.stringify(body));
  }

  async #send(method, path, fields, body) {
    const address = `/api/v1/${path}`;
    const headers = { ...fields, Authorization: `Bearer ${this.#token}` };
    const start = performance.now();
    this.#sent = null;
    const answering = this.#client
      ? this.#client.fetch(address, { method, headers, body })
      : this.#sent = fetch(address, { method, headers, body, cache: 'no-store' });
    const sent = this.#sent; // the client calls before it first waits, or not at all
    const answer = await answering;
    const text = await answer.text();
    const { status, headers: got } = sent ? await sent : answer;
    const report = {
      pane: this.#pane,
      method,
      path,
      status,
      from: !sent ? 'copy' : status === 304 ? '304' : got.get('X-Cache') ?? 'origin',
      why: sent ? reason(got.get('Cache-Status')) : 'nothing it was made from has changed',
      etag: got.get('ETag') ?? '',
      ms: performance.now() - start,
      bytes: sent && status !== 304 ? new Blob([text]).size : 0,
    };
    for (const listener of listeners) listener(report);
    return parsed(answer, text);
  }
}

export async function get(path) {
  const answer = await fetch(path, { cache: 'no-store' });
  return parsed(answer, await answer.text());
}

export async function post(path, body) {
  const answer = await fetch(path, {
    method: 'POST', cache: 'no-store', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
  });
  return parsed(answer, await answer.text());
}

function parsed(answer, text) {
  const body = text ? JSON.parse(text) : null;
  if (answer.ok) return body;
  const error = new Error(changedMeanwhile.includes(answer.status)
    ? 'Somebody else was faster: please look again.'
    : body?.errors ? Object.values(body.errors).flat()[0] : body?.title ?? `${answer.status}`);
  throw Object.assign(error, { status: answer.status });
}

/** The part of Cache-Status (RFC 9211) that says why, without the cache's name. */
function reason(status) {
  return status ? status.split(';').slice(1).map(part => part.trim()).join(' · ') : '';
}
