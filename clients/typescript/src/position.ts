// Position tokens: contract section 1. A client reads log, epoch and offset, to keep the later of two; the MAC is the server's.

/*
 * 0       version, 2
 * 1       log: 0 the tenant's own, 1 the public one
 * 2..17   epoch
 * 18..25  offset, unsigned, little-endian
 * 26..41  MAC
 */
const shape = /^[\w-]{56}$/;
const mostTokens = 8;

interface Token {
  readonly text: string;
  readonly epoch: string;
  readonly offset: bigint;
}

/** A place in each of the tenant's two logs, by the number of the log. */
export type Position = readonly (Token | undefined)[];

export const nowhere: Position = [];

/** Reads at most 8 tokens; what is no token is passed over, one by one. */
export function parsePosition(text: unknown): Position {
  let position = nowhere;
  for (const token of typeof text === 'string' ? text.split('.', mostTokens) : []) {
    if (!shape.test(token)) continue;
    const bytes = Uint8Array.from(atob(token.replaceAll('-', '+').replaceAll('_', '/')), c => c.charCodeAt(0));
    const log = bytes[1]!;
    if (bytes[0] !== 2 || log > 1) continue;
    const parsed = { text: token, epoch: bytes.subarray(2, 18).join(), offset: new DataView(bytes.buffer).getBigUint64(18, true) };
    position = later(position, log ? [, parsed] : [parsed]);
  }
  return position;
}

/** Per log: of one epoch the higher offset, of two epochs the received one. */
export function later(known: Position, received: Position): Position {
  return [0, 1].map(log => {
    const k = known[log], r = received[log];
    return !r || (k && k.epoch === r.epoch && k.offset > r.offset) ? k : r;
  });
}

export function formatPosition(position: Position): string {
  return position.flatMap(token => token?.text ?? []).join('.');
}
