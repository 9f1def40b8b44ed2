// What the two modes cost: calls as the page saw them, loads and SQL commands as the origin counted them.

import { get, onAnswer } from './api.js';

const fields = ['calls', 'saved', 'notModified', 'events', 'loads', 'commands', 'bytes'];
const cost = { on: empty(), off: empty() };
let mode = 'on';
let origin = null;

onAnswer(({ from, bytes }) => {
  const now = cost[mode];
  if (from === 'copy') now.saved++;
  else now.calls++;
  if (from === '304') now.notModified++;
  now.bytes += bytes;
  show();
});

export function countEvent() {
  cost[mode].events++;
  show();
}

/** Charges what the origin did since the last call to the current mode. */
export async function settle() {
  const now = await get('/dev/origin');
  if (origin) {
    for (const field of ['loads', 'commands'])
      cost[mode][field] += now[field] - (now[field] < origin[field] ? 0 : origin[field]); // a server that started anew counts anew
  }
  origin = now;
  show();
}

export function charge(next) {
  mode = next;
  show();
}

function show() {
  for (const [of, counted] of Object.entries(cost)) {
    const row = document.getElementById(of);
    row.classList.toggle('current', of === mode);
    for (const field of fields) row.querySelector(`[data-of=${field}]`).textContent = counted[field].toLocaleString('en');
    const reads = counted.calls + counted.saved;
    row.querySelector('[data-of=rate]').textContent = reads ? ((100 * counted.commands) / reads).toFixed(1) : '–';
  }
}

function empty() {
  return Object.fromEntries(fields.map(field => [field, 0]));
}
