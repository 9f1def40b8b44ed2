// The live list of answers, newest first.

import { onAnswer } from './api.js';

const shown = 40;
const body = document.getElementById('log');

onAnswer(({ pane, method, path, status, from, why, etag, ms, bytes }) => {
  const row = document.createElement('tr');
  row.className = method === 'GET' ? from.toLowerCase() : 'write';
  for (const text of [
    pane, `${method} ${path}`, status, from, why, etag.replaceAll('"', '').slice(0, 14), ms.toFixed(1), bytes.toLocaleString('en'),
  ]) row.insertCell().textContent = text;
  body.prepend(row);
  while (body.children.length > shown) body.lastChild.remove();
});
