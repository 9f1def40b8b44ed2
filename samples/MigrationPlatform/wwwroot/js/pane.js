// One user's view: who, an engagement, the dashboard, the field mappings of an import.

import { Session } from './api.js';
import { countEvent, settle } from './counters.js';
import { logEvent } from './log.js';

const engagement = 'engagements/e-1';
const mappings = 'imports/imp-001/field-mappings';
const retryAfter = 2000;

export class Pane {
  #session;
  #root;
  #withClient = true;
  #mayWrite = false;
  #mustSignIn = false;
  #isTyping = false;
  #reading = null;
  #again = false;
  #retry;

  constructor(id, users) {
    this.#root = document.getElementById(id);
    this.#root.append(document.getElementById('pane').content.cloneNode(true));
    this.#session = new Session(id, {
      touched: () => this.refresh(),
      change: change => {
        countEvent();
        logEvent(id, change);
      },
      status: status => this.#showStatus(status),
    });
    const select = this.#root.querySelector('.who select');
    for (const known of users) select.append(new Option(`${known.user} (${known.role})`, known.user));
    select.addEventListener('change', () => this.#do(() => this.signIn(select.value)));
    const form = this.#root.querySelector('form');
    form.addEventListener('input', () => { this.#isTyping = true; });
    form.addEventListener('keydown', event => { if (event.key === 'Escape') this.#do(() => { this.#isTyping = false; }); });
    form.addEventListener('submit', event => {
      event.preventDefault();
      const { name, status } = form.elements;
      this.#do(() => {
        this.#isTyping = false;
        return this.#session.write('PUT', engagement, form.dataset.version, { name: name.value, status: status.value });
      });
    });
  }

  async signIn(user, withClient = this.#withClient) {
    await this.#session.signIn(user);
    this.#root.querySelector('.who select').value = user;
    this.#isTyping = this.#mustSignIn = false;
    await this.start(withClient);
  }

  /** Begins to follow the data: told by events, or only when asked to refresh. */
  start(withClient) {
    this.#withClient = withClient;
    this.#session.start(withClient);
    return this.refresh();
  }

  /** Reads everything: what is still good costs no call. Asked again meanwhile, it reads again. */
  refresh() {
    this.#again = true;
    return this.#reading ??= this.#readAll().finally(() => { this.#reading = null; });
  }

  async #readAll() {
    clearTimeout(this.#retry);
    try {
      while (this.#again) {
        this.#again = false;
        if (this.#mustSignIn) {
          await this.#session.signIn();
          this.#mustSignIn = false;
          this.#session.start(this.#withClient);
        }
        this.#show(await Promise.all(['context/me', engagement, 'dashboard/summary', mappings].map(path => this.#session.read(path))));
      }
      this.#say('', 'reading');
      await settle();
    } catch (error) {
      this.#say(error.message, 'reading');
      this.#mustSignIn ||= error.status === 401;
      this.#retry = setTimeout(() => this.refresh(), retryAfter);
    }
  }

  #show([me, work, summary, list]) {
    this.#mayWrite = me.permissions.includes('write');
    this.#showText('role', `${me.name}, ${me.role} of ${me.tenant}`);
    this.#showEngagement(work);
    const count = field => summary.assets.reduce((sum, type) => sum + type[field], 0);
    this.#showText('assets', count('count'));
    this.#showText('migrated', count('migrated'));
    for (const status of ['pending', 'approved', 'rejected']) this.#showText(status, summary.mappings[status] ?? 0);
    this.#showMappings(list.items);
  }

  #showStatus(status) {
    const badge = this.#root.querySelector('.status');
    badge.textContent = badge.dataset.status = status;
    // The rights have changed: the new ones need a new token.
    if (status !== 'stopped') return;
    this.#mustSignIn = true;
    this.refresh();
  }

  #showEngagement(work) {
    const form = this.#root.querySelector('form');
    for (const control of form.elements) control.disabled = !this.#mayWrite;
    if (this.#isTyping) return;
    form.dataset.version = work.version;
    for (const field of ['name', 'status']) {
      const input = form.elements[field];
      if (input.value !== work[field]) flash(input);
      input.value = work[field];
    }
  }

  #showMappings(items) {
    const body = this.#root.querySelector('.mappings tbody');
    if (body.children.length !== items.length) body.replaceChildren(...items.map(() => this.#newRow()));
    items.forEach((mapping, at) => {
      const row = body.children[at];
      row.dataset.id = mapping.id;
      row.dataset.version = mapping.version;
      const [source, target, status] = row.cells;
      set(source, mapping.source);
      set(target, mapping.target ?? '–');
      status.className = mapping.status;
      set(status, mapping.status);
      for (const button of row.querySelectorAll('button'))
        button.disabled = !this.#mayWrite || mapping.status === button.value;
    });
  }

  #newRow() {
    const row = document.createElement('tr');
    for (let cell = 0; cell < 4; cell++) row.insertCell();
    for (const [sign, status] of [['✓', 'approved'], ['✗', 'rejected']]) {
      const button = document.createElement('button');
      button.textContent = sign;
      button.value = status;
      button.title = button.ariaLabel = status;
      button.addEventListener('click', () => this.#do(
        () => this.#session.write('PATCH', `field-mappings/${row.dataset.id}`, row.dataset.version, { status })));
      row.cells[3].append(button);
    }
    return row;
  }

  /** Does what the user asked for and shows the outcome; a refusal is a message, not a failure of the page. */
  async #do(work) {
    try {
      await work();
      this.#say('', 'doing');
    } catch (error) {
      this.#say(error.message, 'doing');
    }
    await this.refresh();
  }

  /** What a user did and what the page reads have a message each: the one must not wipe out the other. */
  #say(text, about) {
    const message = this.#root.querySelector('.message');
    message.dataset[about] = text;
    message.textContent = message.dataset.doing || message.dataset.reading || '';
  }

  #showText(name, value) {
    set(this.#root.querySelector(`[data-of=${name}]`), value);
  }
}

function set(element, value) {
  const text = String(value);
  if (element.textContent === text) return;
  if (element.textContent) flash(element);
  element.textContent = text;
}

function flash(element) {
  element.classList.remove('changed');
  void element.offsetWidth; // restarts the animation
  element.classList.add('changed');
}
