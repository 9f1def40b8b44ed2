// Cache-Status (RFC 9211): how long Freshet would still give this answer.

/** Seconds left by the first word of a cache of this name; 0 when there is none, or no time left. */
export function timeToLive(field: string | null): number {
  // Without quoted strings, which may hold anything, a comma parts caches and a semicolon parts what one says.
  const plain = field?.replace(/"(?:[^"\\]|\\.)*"/g, '');
  return Number(/(?:^|,)\s*Freshet\s*;(?:[^,]*;)?\s*ttl=(\d{1,9})\s*(?:[,;]|$)/.exec(plain ?? '')?.[1] ?? 0);
}
