// What the client uses of the global scope, under its names there, so that a test can be that scope.

/** What the client uses of a `WebSocket`. */
export interface Socket {
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  send(text: string): void;
  close(): void;
}

/** What the client uses of a `BroadcastChannel`. */
export interface Channel {
  onmessage: ((event: { data: unknown }) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}

/** What the client uses of a `LockManager`. */
export interface Locks {
  request(name: string, options: { signal?: AbortSignal; steal?: boolean }, held: () => Promise<void>): Promise<unknown>;
}

/** The surroundings of a client; the global scope unless told. Without locks or channels each tab has its own connection. */
export interface Environment {
  fetch(request: Request): Promise<Response>;
  WebSocket: new (url: string, protocols: string[]) => Socket;
  BroadcastChannel?: new (name: string) => Channel;
  navigator?: { locks?: Locks };
  setTimeout(run: () => void, milliseconds: number): unknown;
  clearTimeout(timer: unknown): void;
  /** A clock that never goes back. It may stand still while the machine sleeps. */
  performance: { now(): number };
  /** The clock on the wall. It only ever ends trust, never begins it. */
  Date: { now(): number };
  Math: { random(): number };
  /** `online`, `offline`, and `visibilitychange`, which bubbles to the window. */
  addEventListener?(event: string, heard: () => void, options: { signal: AbortSignal }): void;
  document?: { visibilityState: string };
  /** What a relative address of the events is relative to. */
  location?: { href: string };
}
