import type { Environment } from './environment';

/** A moment, by both clocks: the monotonic one may stand still while the machine sleeps, the other may be set back. */
export type Moment = readonly [monotonic: number, wall: number];

export function moment(env: Environment, ago = 0): Moment {
  return [env.performance.now() - ago, env.Date.now() - ago];
}

/** Milliseconds since then; whichever clock saw more time pass is believed, because more time only ends trust. */
export function since(env: Environment, [monotonic, wall]: Moment): number {
  return Math.max(env.performance.now() - monotonic, env.Date.now() - wall);
}
