// What a query reads, for adapters: which groups its answers were made from, and whether one was touched meanwhile.

import { concerns, type Touched } from './groups';

/** What one run of a query function has read. */
export interface Reading {
  readonly groups: Set<string>;
  /** Whether a call was made through the client at all. */
  used: boolean;
  /** False once an answer came that names no groups: then nobody will say when it is out of date. */
  complete: boolean;
  /** Whether something that it read was touched after it was asked for. */
  touched: boolean;
  /** Calls that have not been answered. */
  pending: number;
  /** Milliseconds that the answer with the least time left may be used. */
  lifetime: number;
}

/** For adapters: links what a query function reads with what is touched. */
export interface Tracking {
  open(): Reading;
  /** Runs a query function; its calls are noted in the reading, until the reading is closed. */
  run<T>(reading: Reading, signal: AbortSignal | undefined, query: () => T): T;
  close(reading: Reading): void;
  /** Calls back with the groups touched; null for all, also when contact has been gone so long that anything may be. */
  onTouched(listener: (touched: Touched) => void): () => void;
}

export interface Readings extends Omit<Tracking, 'onTouched'> {
  /** Whose a call is. One that could be anybody's is everybody's: too many groups cost a call, too few an old answer. */
  callersOf(signal: AbortSignal | null | undefined): Reading[];
  touch(touched: Touched): void;
}

export function makeReadings(): Readings {
  const running = new Map<Reading, AbortSignal | undefined>();
  let current: Reading | null = null;
  return {
    open: () => ({ groups: new Set(), used: false, complete: true, touched: false, pending: 0, lifetime: Infinity }),
    run(reading, signal, query) {
      // The calls that a function makes before it first waits are its own, by construction.
      const outer = current;
      current = reading;
      running.set(reading, signal ?? running.get(reading));
      try {
        return query();
      } finally {
        current = outer;
      }
    },
    close: reading => void running.delete(reading),
    callersOf(signal) {
      if (current) return [current];
      const all = [...running];
      const own = all.filter(([, s]) => s && s === signal);
      return (own.length ? own : all).map(([reading]) => reading);
    },
    touch(touched) {
      for (const [reading] of running) {
        if (concerns(touched, reading.groups)) reading.touched = true;
      }
    },
  };
}

/** An answer came: made from these groups, good for so many milliseconds, touched or not since it was asked for. */
export function note(readings: readonly Reading[], groups: Iterable<string> | null, lifetime: number, touched: boolean): void {
  for (const reading of readings) {
    if (!groups || !lifetime) reading.complete = false;
    reading.lifetime = Math.min(reading.lifetime, lifetime);
    reading.touched ||= touched;
    for (const group of groups ?? []) reading.groups.add(group);
  }
}
