// Every call of the page goes through here: it revalidates by itself, so that a 304 is seen, and reports what it got.

const listeners = [];

/** Conflict, and Precondition Failed. */
const changedMeanwhile = [409, 412];

/** Calls back with { pane, method, path, status, from, why, etag, ms, bytes } for each answer of the API. */
export function onAnswer(listener) {
  listeners.push(listener);
}

/** One signed-in user: keeps the last representation and entity tag of everything it has read. */
export class Session {
  #token = '';
  #known = new Map();

  constructor(pane) {
    this.pane = pane;
  }

  async signIn(user) {
    const answer = await post('/dev/token', { user });
    this.#token = answer.token;
    this.#known.clear();
  }

  async read(path) {
    const known = this.#known.get(path);
    const { answer, text } = await this.#send('GET', path, known ? { 'If-None-Match': known.etag } : {});
    if (answer.status === 304) return known.body;
    const body = parsed(answer, text);
    const etag = answer.headers.get('ETag');
    if (etag) this.#known.set(path, { etag, body });
    return body;
  }

  /** Changes what is shown in the given version, and nothing newer that somebody else has made of it. */
  async write(method, path, version, body) {
    const headers = { 'Content-Type': 'application/json', 'If-Match': `"${version}"` };
    const { answer, text } = await this.#send(method, path, headers, JSON.stringify(body));
    return parsed(answer, text);
  }

  async #send(method, path, headers, body) {
    const start = performance.now();
    // no-store: the page, not the browser's own cache, decides what is revalidated.
    const answer = await fetch(`/api/v1/${path}`, {
      method, body, cache: 'no-store', headers: { ...headers, Authorization: `Bearer ${this.#token}` },
    });
    const text = await answer.text();
    const report = {
      pane: this.pane,
      method,
      path,
      status: answer.status,
      from: answer.headers.get('X-Cache') ?? 'origin',
      why: reason(answer.headers.get('Cache-Status')),
      etag: answer.headers.get('ETag') ?? '',
      ms: performance.now() - start,
      bytes: new Blob([text]).size,
    };
    for (const listener of listeners) listener(report);
    return { answer, text };
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
  if (changedMeanwhile.includes(answer.status)) throw new Error('Somebody else was faster: please look again.');
  throw new Error(body?.errors ? Object.values(body.errors).flat()[0] : body?.title ?? `${answer.status}`);
}

/** The part of Cache-Status (RFC 9211) that says why, without the cache's name. */
function reason(status) {
  return status ? status.split(';').slice(1).map(part => part.trim()).join(' · ') : '';
}
