// Signs two users in, keeps both panes fresh by asking again, and turns Freshet on and off.

import { get, post } from './api.js';
import { charge, settle } from './counters.js';
import { Pane } from './pane.js';
import './log.js';

const period = 1000;

const users = await get('/dev/users');
const panes = [new Pane('left', users, 'alice@acme'), new Pane('right', users, 'vera@acme')];

const freshet = document.getElementById('freshet');
freshet.checked = (await get('/dev/cache')).enabled;
charge(freshet.checked ? 'on' : 'off');
freshet.addEventListener('change', async () => {
  await settle();
  await post('/dev/cache', { enabled: freshet.checked });
  charge(freshet.checked ? 'on' : 'off');
});

await settle();
await Promise.all([panes[0].signIn('alice@acme'), panes[1].signIn('vera@acme')]);
document.body.dataset.ready = 'true';

async function tick() {
  if (!document.hidden) {
    await Promise.all(panes.map(pane => pane.refresh()));
    await settle();
  }
  setTimeout(tick, period);
}

await tick();
