// One user's view: who, an engagement, the dashboard, the field mappings of an import.

import { Session } from './api.js';

const engagement = 'engagements/e-1';
const mappings = 'imports/imp-001/field-mappings';

export class Pane {
  #session;
  #root;
  #mayWrite = false;
  #reading = null;

  constructor(id, users, user) {
    this.#session = new Session(id);
    this.#root = document.getElementById(id);
    this.#root.append(document.getElementById('pane').content.cloneNode(true));
    const select = this.#root.querySelector('.who select');
    for (const known of users) select.append(new Option(`${known.user} (${known.role})`, known.user));
    select.value = user;
    select.addEventListener('change', () => this.#do(() => this.signIn(select.value)));
    const form = this.#root.querySelector('form');
    form.addEventListener('submit', event => {
      event.preventDefault();
      const { name, status } = form.elements;
      document.activeElement.blur();
      this.#do(() => this.#session.write('PUT', engagement, form.dataset.version, { name: name.value, status: status.value }));
    });
  }

  async signIn(user) {
    await this.#session.signIn(user);
    await this.refresh();
  }

  /** Reads everything again; a refresh that is under way is joined, not repeated. */
  refresh() {
    this.#reading ??= this.#readAll().finally(() => { this.#reading = null; });
    return this.#reading;
  }

  async #readAll() {
    const paths = ['context/me', engagement, 'dashboard/summary', mappings];
    const [me, work, summary, list] = await Promise.all(paths.map(path => this.#session.read(path)));
    this.#mayWrite = me.permissions.includes('write');
    this.#show('role', `${me.name}, ${me.role} of ${me.tenant}`);
    this.#showEngagement(work);
    const count = field => summary.assets.reduce((sum, type) => sum + type[field], 0);
    this.#show('assets', count('count'));
    this.#show('migrated', count('migrated'));
    for (const status of ['pending', 'approved', 'rejected']) this.#show(status, summary.mappings[status] ?? 0);
    this.#showMappings(list.items);
  }

  #showEngagement(work) {
    const form = this.#root.querySelector('form');
    if (form.contains(document.activeElement)) return; // somebody is typing
    form.dataset.version = work.version;
    for (const field of ['name', 'status']) {
      const input = form.elements[field];
      if (input.value !== work[field]) flash(input);
      input.value = work[field];
    }
    for (const control of form.elements) control.disabled = !this.#mayWrite;
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
    const message = this.#root.querySelector('.message');
    try {
      await work();
      message.textContent = '';
    } catch (error) {
      message.textContent = error.message;
    }
    await this.#reading; // it may have begun before the change
    await this.refresh();
  }

  #show(name, value) {
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
