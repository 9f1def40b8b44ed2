// Signs two users in and turns Freshet on and off: with it the panes wait for events, without it they ask every second.

import { get, post } from './api.js';
import { charge, settle } from './counters.js';
import { Pane } from './pane.js';

const period = 1000;

const users = await get('/dev/users');
const panes = [new Pane('left', users), new Pane('right', users)];
const freshet = document.getElementById('freshet');
freshet.checked = (await get('/dev/cache')).enabled;
freshet.addEventListener('change', async () => {
  await settle();
  await post('/dev/cache', { enabled: freshet.checked });
  await begin();
});

async function begin() {
  charge(freshet.checked ? 'on' : 'off');
  await Promise.all(panes.map(pane => pane.start(freshet.checked)));
}

async function poll() {
  if (!freshet.checked && !document.hidden) await Promise.all(panes.map(pane => pane.refresh()));
  setTimeout(poll, period);
}

await settle();
charge(freshet.checked ? 'on' : 'off');
await Promise.all([panes[0].signIn('alice@acme', freshet.checked), panes[1].signIn('vera@acme', freshet.checked)]);
document.body.dataset.ready = 'true';
await poll();
