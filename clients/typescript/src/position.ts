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
const mostEpochs = 3;

/** A place in each of the tenant's two logs: no token, one, or one of each; or, after an epoch was lost, one of each epoch. */
export type Position = string;

/**
 * Of each log and epoch the token with the highest offset; of more epochs than are carried those heard of last. What is no token is
 * passed over.
 */
export function latest(...texts: unknown[]): Position {
  const logs = [0, 1].map(() => new Map<string, [token: string, offset: bigint]>());
  for (const token of texts.flatMap(text => (typeof text === 'string' ? text.split('.', mostTokens) : []))) {
    if (!shape.test(token)) continue;
    const bytes = Uint8Array.from(atob(token.replaceAll('-', '+').replaceAll('_', '/')), c => c.charCodeAt(0));
    const epochs = logs[bytes[1]!];
    if (bytes[0] !== 2 || !epochs) continue;
    const offset = new DataView(bytes.buffer).getBigUint64(18, true);
    const epoch = token.slice(0, charactersToOffset);
    if (!(epochs.get(epoch)?.[1]! > offset)) epochs.set(epoch, [token, offset]);
  }
  return logs.flatMap(epochs => [...epochs.values()].slice(-mostEpochs).map(([token]) => token)).join('.');
}

/** Whether what was told up to a position may concern an answer of that place (E8.2); told of no position, it always may. */
export function isAfter(position: Position, place: Position): boolean {
  return !position || latest(place, position) !== place;
}
