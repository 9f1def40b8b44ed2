// Names of groups in headers: a List of Strings (RFC 8941 §3.1, §3.3.3), as RFC 9875 uses it.

// A String, parameters (RFC 9875 §2 gives them no meaning, so those of a plain value are passed over), and optional white
// space around the comma or the end.
const member = /"((?:[ !#-[\]-~]|\\["\\])*)"(?:;[^",]*)?[ \t]*(,[ \t]*|$)/y;
const mostCharacters = 32768;

/** The names; null when the field is absent, empty, malformed or beyond all bounds: never a part of what it says. */
export function parseGroups(field: string | null): Set<string> | null {
  if (!field || field.length > mostCharacters) return null;
  const names = new Set<string>();
  for (member.lastIndex = 0;;) {
    const match = member.exec(field);
    if (!match) return null;
    names.add(match[1]!.replace(/\\(.)/g, '$1'));
    if (member.lastIndex < field.length) continue;
    return match[2] ? null : names; // a comma at the end promises a member that is not there
  }
}

/** What was touched: names of groups, or null for everything. */
export type Touched = readonly string[] | null;

const everything = '*';

export function touchedBy(names: Iterable<string>): Touched {
  const touched = [...names];
  return touched.includes(everything) ? null : touched;
}

/** Whether it is an answer's concern that these were touched. */
export function concerns(touched: Touched, groups: ReadonlySet<string>): boolean {
  return !touched || touched.some(group => groups.has(group));
}
