// The live list of answers and events, newest first.

import { onAnswer } from './api.js';

const shown = 60;
const body = document.getElementById('log');

onAnswer(({ pane, method, path, status, from, why, etag, ms, bytes }) => add(
  method === 'GET' ? `from-${from.toLowerCase()}` : 'write',
  [pane, `${method} ${path}`, status, from, why, etag.replaceAll('"', '').slice(0, 14), ms.toFixed(1), bytes.toLocaleString('en')]));

export function logEvent(pane, { entity, id, action, entities }) {
  const what = entity ? `${entity} ${id ?? ''}` : entities.join(', ');
  add('event', [pane, what, '', 'event', action, '', '', '']);
}

function add(kind, texts) {
  const row = document.createElement('tr');
  row.className = kind;
  for (const text of texts) row.insertCell().textContent = text;
  body.prepend(row);
  while (body.children.length > shown) body.lastChild.remove();
}
