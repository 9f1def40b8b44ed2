// Positions: events protocol E1. Log, epoch and offset are read, to keep the later of two tokens; the MAC is the server's.

/*
 * 0       version, 2
 * 1       log: 0 the tenant's own, 1 the public one, 2 the one that is named
 * 2..17   epoch
 * 18..25  offset, unsigned, little-endian
 * 26..41  MAC
 * 42..    the sealed name, of a log that is named: 32, 48 or 64 bytes, always the same for one log
 */
const shape = /^[\w-]{56}([\w-]{43}|[\w-]{64}|[\w-]{86})?$/;
const charactersToOffset = 24; // of version, log and epoch: 18 bytes in Base64
const charactersToName = 56;
const mostTokens = 24;
const mostEpochs = 3;
const mostNamed = 8; // logs
const mostNamedTokens = 16;

/** A place in each of the tenant's two logs: no token, one, or one of each; or, after an epoch was lost, one of each epoch; and of other logs. */
export type Position = string;

type Epochs = Map<string, [token: string, offset: bigint]>;

// By log: its own, the public one, and others, the one that was heard of last at the end.
function read(texts: unknown[]): Map<string, Epochs> {
  const logs = new Map<string, Epochs>(['0', '1'].map(log => [log, new Map()]));
  // A field that was sent twice is one text, joined by commas.
  for (const token of texts.flatMap(text => (typeof text === 'string' ? text.split(/[., ]+/, mostTokens) : []))) {
    if (!shape.test(token)) continue;
    const bytes = Uint8Array.from(atob(token.replaceAll('-', '+').replaceAll('_', '/')), c => c.charCodeAt(0));
    const name = token.slice(charactersToName);
    const log = bytes[1]! + name;
    if (bytes[0] !== 2 || bytes[1]! > 2 || (bytes[1] === 2) !== !!name) continue;
    const epochs = logs.get(log) ?? new Map() as Epochs;
    if (name) logs.delete(log);
    logs.set(log, epochs);
    const offset = new DataView(bytes.buffer).getBigUint64(18, true);
    const epoch = token.slice(0, charactersToOffset);
    if (!(epochs.get(epoch)?.[1]! > offset)) epochs.set(epoch, [token, offset]);
  }
  return logs;
}

/**
 * Of each log and epoch the token with the highest offset; of more epochs, or more logs, than are carried those heard of last. What is no
 * token is passed over.
 */
export function latest(...texts: unknown[]): Position {
  const [own, shared, ...named] = [...read(texts).values()].map(epochs => [...epochs.values()].slice(-mostEpochs).map(([token]) => token));
  while (named.length > mostNamed || named.flat().length > mostNamedTokens) named.shift();
  return [own, shared, ...named].flat().join('.');
}

/** Whether what was told up to a position may concern an answer of that place (E8.2); told of no position, it always may. */
export function isAfter(position: Position, place: Position): boolean {
  const known = read([place]);
  return !position || [...read([position])].some(([log, epochs]) =>
    [...epochs].some(([epoch, [, offset]]) => !(known.get(log)?.get(epoch)?.[1]! >= offset)));
}

/**
 * What is known, without what a request carried of other logs and the position of its answer no longer names: that shows everywhere
 * (E8.3). What was heard of meanwhile stays.
 */
export function unsettled(known: Position, carried: Position, named: Position): Position {
  const logAndEpoch = (token: string): string => token.slice(0, charactersToOffset) + token.slice(charactersToName);
  const still = named.split('.').map(logAndEpoch);
  return known.split('.').filter(token =>
    !named || token.length === charactersToName || still.includes(logAndEpoch(token)) || isAfter(token, carried)).join('.');
}

/** For how many more logs there is room beside those that positions name. */
export function roomBeside(...positions: Position[]): number {
  return mostNamed - new Set(positions.join('.').split('.').map(token => token.slice(charactersToName)).filter(Boolean)).size;
}
