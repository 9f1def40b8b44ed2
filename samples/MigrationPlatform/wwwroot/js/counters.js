// What the two modes cost: calls and bytes as the page saw them, loads and SQL commands as the origin counted them.

import { get, onAnswer } from './api.js';

const cost = { on: empty(), off: empty() };
let mode = 'on';
let origin = null;

onAnswer(({ bytes }) => {
  cost[mode].calls++;
  cost[mode].bytes += bytes;
});

/** Charges what the origin did since the last call to the current mode. */
export async function settle() {
  const now = await get('/dev/origin');
  if (origin) {
    cost[mode].loads += now.loads - origin.loads;
    cost[mode].commands += now.commands - origin.commands;
  }
  origin = now;
  for (const of of ['on', 'off']) show(of, cost[of]);
}

export function charge(next) {
  mode = next;
}

function show(of, { calls, loads, commands, bytes }) {
  const rate = calls ? ((100 * commands) / calls).toFixed(1) : '–';
  const row = document.getElementById(of);
  row.classList.toggle('current', of === mode);
  [calls, loads, commands, bytes, rate].forEach((value, at) => {
    row.cells[at + 1].textContent = value.toLocaleString('en');
  });
}

function empty() {
  return { calls: 0, loads: 0, commands: 0, bytes: 0 };
}
