// The wrapped fetch: events protocol E8, rules 1 to 4.

import type { Copies, Copy } from './copies';
import { moment, since } from './elapsed';
import type { Environment } from './environment';
import { concerns, parseGroups, touchedBy, type Touched } from './groups';
import { isAfter, latest, roomBeside, type Position } from './position';
import { note, type Reading, type Readings } from './readings';
import { timeToLive } from './status';

/** What the client counts; all since it was made. */
export interface Stats {
  /** Calls that went over the network. */
  calls: number;
  /** Answers given from a copy, without a call. */
  saved: number;
  /** Calls that were answered with 304: the copy was still right, only its head was sent. */
  notModified: number;
  /** Changes that the server told of. */
  events: number;
}

export interface Calls {
  readonly env: Environment;
  readonly send: (request: Request) => Promise<Response>;
  readonly origin: string;
  readonly copies: Copies;
  readonly flights: Set<Flight>;
  readonly readings: Readings;
  readonly stats: Stats;
  inContact(): boolean;
  /** The latest position known, for the header; empty when none. */
  position(): Position;
  written(done: Written, carried: Position): void;
}

/** What an answer says that its request has done. */
export interface Written {
  readonly touched: Touched;
  /** What the touch is told by; empty when no position tells all of it. */
  readonly told: Position;
  /** What no answer may be from before, from now on. */
  readonly position: Position;
}

const anything: Written = { touched: null, told: '', position: '' };

/** What was told between the sending of a call and the end of its answer; it is judged when the answer's place is known. */
export type Flight = [touched: Touched, position: Position][];

const mostTouches = 1000;

/** Notes what was told while the call was under way; beyond all bounds that is everything. */
export function overtake(flight: Flight, touched: Touched, position: Position): void {
  if (flight.length < mostTouches) flight.push([touched, position]);
  else flight[0] = [null, ''];
}

const harmless = /^(GET|HEAD|OPTIONS)$/;
// These ask a cache for something else than its answer (RFC 9110 §13.1, §14.2; RFC 9111 §5.2.1).
const particular = /^(cache-control|pragma|range|if-.*)$/;
const positionField = 'Freshet-Position';
const invalidationField = 'Cache-Group-Invalidation';
const keyed = ['Authorization', 'Accept', 'Accept-Language'];

export function wrapFetch(calls: Calls): typeof fetch {
  const { env, copies, flights, stats } = calls;
  let granted = 0; // room for other logs, to writes that are on their way
  // Of requests on their way: their answers may name again what was dropped meanwhile, so it keeps its place.
  const carried = new Map<Request, Position>();

  return async function (input, init) {
    const given = init?.signal ?? (input instanceof Request ? input.signal : null);
    // Before the first await, because the query that is running now is the one that calls.
    const readings = calls.readings.callersOf(given);
    const request = new Request(input, init);
    // Other servers get no header of ours, which would cost a preflight and tell them where we are.
    if (new URL(request.url).origin !== calls.origin) {
      for (const reading of readings) reading.complete = false;
      return calls.send(request);
    }
    for (const reading of readings) reading.used = true, reading.pending++;
    try {
      return await (harmless.test(request.method) ? read(request, readings) : write(request, readings));
    } catch (error) {
      // A query function that goes on without the answer was made from something that nobody can name.
      note(readings, null, 0, false);
      throw error;
    } finally {
      for (const reading of readings) reading.pending--;
      carried.delete(request);
    }
  };

  async function read(request: Request, readings: Reading[]): Promise<Response> {
    const ordinary = request.method === 'GET' && request.cache === 'default' && !request.integrity
      && ![...request.headers.keys()].some(name => particular.test(name));
    const key = ordinary ? keyOf(request) : '';
    const copy = selected(copies.get(key), request);
    const left = copy ? copy.lifetime - since(env, copy.sent) : 0;
    if (copy?.live && left > 0 && calls.inContact()) {
      request.signal.throwIfAborted();
      stats.saved++;
      note(readings, copy.groups, left, false);
      return responseOf(copy.url, copy.headers, copy.body);
    }
    const etag = copy?.headers.get('ETag');
    if (etag) request.headers.set('If-None-Match', etag);

    const flight: Flight = [];
    flights.add(flight);
    try {
      const sent = moment(env);
      let answer = await send(request, request.method === 'GET' ? '?' : '');
      // A GET may write, too. The position of an answer that belongs to groups is its place, or where the server stands by now.
      if (answer.headers.has(invalidationField) || !answer.headers.has('Cache-Groups')) answer = acknowledged(request, answer, false);
      const old = etag && answer.status === 304 ? copy : undefined;
      const headers = old ? renewed(old.headers, answer.headers) : answer.headers;
      const groups = parseGroups(answer.headers.get('Cache-Groups'));
      const lifetime = lifetimeOf(answer.headers, headers);
      const vary = varyOf(headers, request);
      // The server says where an answer stands to who asks; else it is good from what the request carried (C10).
      const place = latest(request.headers.get(positionField)) || latest(answer.headers.get(positionField));
      const report = (): boolean => {
        const touched = !!groups && flight.some(([names, position]) => concerns(names, groups) && isAfter(position, place));
        note(readings, groups, lifetime, touched);
        return !touched;
      };
      report();
      const keeps = key && groups && vary && lifetime && (old || answer.status === 200)
        && !answer.redirected && !answer.headers.has('Set-Cookie');
      // What the server says now goes before what it said then, but a fault says nothing.
      if (copy && !keeps && answer.status < 500) copies.delete(copy);
      if (!keeps && !old) return answer;
      // Of a 304, too: Chromium calls it a failed request when nobody reads the body that is not there.
      const received = await answer.arrayBuffer();
      // Nothing is awaited from here: what is touched later finds the copy by its groups.
      const live = report();
      const { url, body } = old ?? { url: answer.url, body: received };
      if (old) stats.notModified++;
      if (keeps) copies.set({ key, url, headers, body, groups, place, vary, sent, lifetime, live });
      return responseOf(url, headers, body);
    } finally {
      flights.delete(flight);
    }
  }

  async function write(request: Request, readings: Reading[]): Promise<Response> {
    const left = Math.max(0, roomBeside(calls.position(), ...carried.values()) - granted);
    const room = left - (left >> 1);
    granted += room;
    try {
      const answer = await send(request, '', room);
      // A redirection, or a mode that hides the answer, hides what it touched; and a gateway's fault leaves it open.
      const open = answer.redirected || !answer.status || answer.status >= 500;
      // A query may well read with POST; then its answer names no groups.
      if (!answer.headers.has(invalidationField)) note(readings, null, 0, false);
      return acknowledged(request, answer, open);
    } catch (error) {
      calls.written(anything, ''); // it may have been done or not
      throw error;
    } finally {
      granted -= room;
    }
  }

  /** E8.4: before the answer is handed on, what it says was written is no longer given, and is carried from now on. */
  function acknowledged(request: Request, answer: Response, open: boolean): Response {
    const { headers } = answer;
    const field = headers.get(invalidationField);
    const groups = parseGroups(field);
    const touched = field === null ? open ? null : [] : groups && touchedBy(groups);
    const position = latest(headers.get(positionField));
    // What waits to be logged, and what a write does after its head, the position does not tell.
    const told = touched && !headers.has('Freshet-Pending') ? position : '';
    if (!touched || touched.length || position) calls.written({ touched, told, position }, latest(request.headers.get(positionField)));
    return touched ? answer : untilItsEnd(answer, () => calls.written(anything, ''));
  }

  function send(request: Request, unknown: string, room?: number): Promise<Response> {
    const known = latest(request.headers.get(positionField), calls.position());
    carried.set(request, known);
    const position = room === undefined ? known || unknown : `${known && `${known}.`}?${room}`;
    if (position) request.headers.set(positionField, position);
    stats.calls++;
    return calls.send(request);
  }
}

/** The answer, which gives word before its reader learns of the end of its body, or when it is given up. */
function untilItsEnd(answer: Response, ended: () => void): Response {
  const reader = answer.body?.getReader();
  if (!reader) return answer;
  const body = new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) {
          controller.enqueue(value);
          return;
        }
        ended();
        controller.close();
      } catch (error) {
        ended();
        controller.error(error);
      }
    },
    cancel(reason) {
      ended();
      return reader.cancel(reason);
    },
  });
  const { url, redirected, type } = answer;
  return Object.defineProperties(new Response(body, answer), { url: { value: url }, redirected: { value: redirected }, type: { value: type } });
}

function keyOf(request: Request): string {
  // A field's value has no line break, so no two requests have one key.
  return [request.credentials, request.url, ...keyed.map(name => request.headers.get(name) ?? '')].join('\n');
}

/** The copy, if what the answer's Vary names has the same values in this request. */
function selected(copy: Copy | undefined, request: Request): Copy | undefined {
  return copy?.vary.every(([name, value]) => request.headers.get(name) === value) ? copy : undefined;
}

/** Null when nobody can tell which requests the answer is for: `*`, and the cookies, which a page cannot see. */
function varyOf(headers: Headers, request: Request): Copy['vary'] | null {
  const field = headers.get('Vary') ?? '';
  return /cookie|[^\w\s,-]/i.test(field) ? null : (field.match(/[\w-]+/g) ?? []).map(name => [name, request.headers.get(name)]);
}

/** Milliseconds that the answer may be used; 0 when it may not. */
function lifetimeOf(answer: Headers, whole: Headers): number {
  // Without no-cache or no-store the browser's own cache may have answered, with something of before it was asked.
  if (!/\bno-(cache|store)\b(?!=)/i.test(whole.get('Cache-Control') ?? '')) return 0;
  return 1000 * timeToLive(answer.get('Cache-Status'));
}

/** RFC 9111 §3.2: a 304 renews the stored fields, but not those that describe the body that it does not have. */
function renewed(stored: Headers, received: Headers): Headers {
  const headers = new Headers(stored);
  received.forEach((value, name) => { if (!name.startsWith('content-')) headers.set(name, value); });
  return headers;
}

function responseOf(url: string, headers: Headers, body: ArrayBuffer): Response {
  const response = new Response(body, { status: 200, headers });
  // A constructed Response has no address; callers look at it.
  Object.defineProperty(response, 'url', { value: url });
  return response;
}
