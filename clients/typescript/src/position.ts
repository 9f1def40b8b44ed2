// Positions: events protocol E1. Log, epoch and offset are read, to keep the later of two tokens; the MAC is the server's.

/*
 * 0       version, 2
 * 1       log: 0 the tenant's own, 1 the public one
 * 2..17   epoch
 * 18..25  offset, unsigned, little-endian
 * 26..41  MAC
 */
const shape = /^[\w-]{56}$/;
const charactersToOffset = 24; // of version, log and epoch: 18 bytes in Base64
const mostTokens = 8;

/** A place in each of the tenant's two logs: no token, one, or one of each. */
export type Position = string;

/** The latest token of each log: of one epoch the higher offset, of two epochs the one that stands later. What is no token is passed over. */
export function latest(...texts: unknown[]): Position {
  const logs: { token: string; offset: bigint }[] = [];
  for (const token of texts.flatMap(text => (typeof text === 'string' ? text.split('.', mostTokens) : []))) {
    if (!shape.test(token)) continue;
    const bytes = Uint8Array.from(atob(token.replaceAll('-', '+').replaceAll('_', '/')), c => c.charCodeAt(0));
    const log = bytes[1]!;
    if (bytes[0] !== 2 || log > 1) continue;
    const offset = new DataView(bytes.buffer).getBigUint64(18, true);
    const known = logs[log];
    if (!known?.token.startsWith(token.slice(0, charactersToOffset)) || known.offset <= offset) logs[log] = { token, offset };
  }
  return logs.flatMap(({ token }) => token).join('.');
}

/** Whether what was told up to a position may concern an answer of that place (E8.2); told of no position, it always may. */
export function isAfter(position: Position, place: Position): boolean {
  return !position || latest(place, position) !== place;
}
