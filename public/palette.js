// The palette and the list of keys: read when they are first opened. What there is to find comes from the page /find,
// so that it is listed in one place, and works without this file.

/** Makes both, with the tools of app.js. */
export function setUp({ all, byId, el, labelOf, open, fetchPage, visible }) {
  const RECENT = 'palette';
  let entries = null; // read from the page each time the palette is opened; until then, those of before are shown

  // What was chosen last comes first. Private windows may refuse to remember.
  const recent = () => {
    try {
      return JSON.parse(localStorage.getItem(RECENT) ?? '[]');
    } catch {
      return [];
    }
  };
  const remember = (id) => {
    try {
      localStorage.setItem(RECENT, JSON.stringify([id, ...recent().filter((one) => one !== id)].slice(0, 8)));
    } catch {
      // Then it is not remembered.
    }
  };

  function read(page) {
    const listed = all('#entries > [data-entry]', page).map((row) => ({
      id: row.dataset.entry,
      name: row.querySelector('.name').textContent,
      where: row.querySelector('.where').textContent,
      also: row.dataset.also ?? '',
      face: row.querySelector('.icon, .avatar'),
      deed: row.querySelector('a, form'),
    }));
    const here = all('header.page .actions a[href]').map((link) => ({ id: link.href, name: labelOf(link), where: 'On this page', also: '', face: link.querySelector('svg'), deed: link }));
    const last = recent();
    const lately = last.flatMap((id) => listed.filter((entry) => entry.id === id)).map((entry) => ({ ...entry, isRecent: true }));
    return [...lately, ...here, ...listed.filter(({ id }) => !last.includes(id))];
  }

  // As /find counts: by the name, by all words in any order, or by the letters of the name in their order.
  function score({ name, where, also, isRecent }, query) {
    const text = name.toLowerCase();
    const bonus = isRecent ? 40 : 0;
    const whole = text.indexOf(query);
    if (whole >= 0) return 1000 - Math.min(whole, 500) - (whole && /[\p{L}\p{N}]/u.test(text[whole - 1]) ? 100 : 0) + bonus;
    const everything = `${text} ${where.toLowerCase()} ${also}`;
    if (query.split(/\s+/).every((word) => everything.includes(word))) return 350 + bonus;
    let at = -1;
    let gaps = 0;
    for (const letter of query.replace(/\s/g, '')) {
      const next = text.indexOf(letter, at + 1);
      if (next < 0) return -1;
      gaps += next - at - 1;
      at = next;
    }
    return gaps <= 2 * query.length ? 300 - gaps + bonus : -1;
  }

  // Chosen, an entry does what it does on its page: a link is followed, a form is sent, with its question before it.
  function act({ id, deed }, isNew) {
    remember(id);
    if (deed.matches('a')) return isNew ? window.open(deed.href, '_blank', 'noopener') : location.assign(deed.href);
    const form = document.importNode(deed, true);
    const back = form.querySelector('[name=back]');
    if (back) back.value = location.pathname + location.search;
    form.hidden = true;
    form.dataset.chosen = '';
    all('form[data-chosen]').forEach((before) => before.remove());
    document.body.append(form);
    form.querySelector('button').click();
  }

  function build(dialog) {
    const input = dialog.querySelector('input');
    const list = el('ul', { id: 'palette-list', role: 'listbox', 'aria-label': 'Results' });
    const words = el('p', { class: 'nothing', role: 'status' }, 'One moment…');
    dialog.append(list, words, el('footer', { 'aria-hidden': 'true' }, el('span', {}, '↑ ↓ choose'), el('span', {}, '↵ open'), el('span', {}, 'Esc close')));
    input.setAttribute('aria-controls', list.id);
    let shown = [];
    let chosen = 0;

    const choose = (index) => {
      chosen = Math.max(0, Math.min(index, shown.length - 1));
      [...list.children].forEach((row, at) => row.setAttribute('aria-selected', String(at === chosen)));
      const row = list.children[chosen];
      row?.scrollIntoView({ block: 'nearest' });
      if (row) input.setAttribute('aria-activedescendant', row.id);
      else input.removeAttribute('aria-activedescendant');
    };
    const show = () => {
      if (!entries) return;
      const query = input.value.trim().toLowerCase();
      shown = query ? entries.map((entry) => ({ entry, fits: score(entry, query) })).filter(({ fits }) => fits >= 0).sort((a, b) => b.fits - a.fits).map(({ entry }) => entry) : entries;
      shown = shown.slice(0, 50);
      list.replaceChildren(...shown.map((entry, index) => el('li', { role: 'option', id: `palette-${index}`, 'data-index': index },
        entry.face ? document.importNode(entry.face, true) : el('span', { class: 'icon' }), el('span', { class: 'name' }, entry.name),
        el('span', { class: 'where' }, entry.isRecent && !query ? 'Lately' : entry.where))));
      words.textContent = shown.length ? `${shown.length} found` : 'Nothing by that name.';
      words.classList.toggle('visually-hidden', shown.length > 0);
      list.hidden = !shown.length;
      input.setAttribute('aria-expanded', String(shown.length > 0));
      choose(0);
    };
    const go = (event) => {
      const entry = shown[chosen];
      if (!entry) return;
      dialog.close();
      act(entry, event.ctrlKey || event.metaKey);
    };
    input.addEventListener('input', show);
    input.addEventListener('keydown', (event) => {
      if (event.isComposing) return;
      const last = shown.length - 1;
      const to = { ArrowDown: chosen < last ? chosen + 1 : 0, ArrowUp: chosen > 0 ? chosen - 1 : last, PageDown: chosen + 8, PageUp: chosen - 8, Home: 0, End: last }[event.key];
      if (to != null) choose(to);
      else if (event.key === 'Enter') go(event);
      else return;
      event.preventDefault();
    });
    list.addEventListener('pointermove', ({ target }) => {
      const row = target.closest('[data-index]');
      if (row && Number(row.dataset.index) !== chosen) choose(Number(row.dataset.index));
    });
    list.addEventListener('click', (event) => {
      const row = event.target.closest('[data-index]');
      if (!row) return;
      choose(Number(row.dataset.index));
      go(event);
    });
    return { show, words, go };
  }

  let built = null;

  async function fill(dialog) {
    built ??= build(dialog);
    built.show();
    try {
      entries = read(await fetchPage('/find'));
      built.show();
      if (dialog.open && 'hasty' in dialog.dataset) built.go({});
    } catch {
      if (!entries) built.words.textContent = 'The list cannot be read at the moment. Close this and open it again.';
    }
  }

  function keys() {
    byId('keys')?.remove();
    const group = (title, rows) => (rows.length ? [el('h3', {}, title), el('dl', { class: 'keys-list' }, ...rows.map(([words, ...keys]) => el('div', {}, el('dt', {}, words), el('dd', {}, ...keys.map((key) => el('kbd', {}, key))))))] : []);
    const turns = document.querySelector('main a[rel~=prev], main a[rel~=next]');
    const own = all('main [data-key]').filter(visible).map((node) => [labelOf(node), node.dataset.key.toUpperCase()]);
    const dialog = el('dialog', { id: 'keys', class: 'dialog wide', 'aria-labelledby': 'keys-title' },
      el('header', {}, el('h2', { id: 'keys-title' }, 'Keys'), el('button', { type: 'button', class: 'button quiet small', 'data-close': true }, 'Close')),
      el('div', { class: 'body' },
        ...group('On this page', [...own, ...(turns ? [['Next', 'J', '→'], ['Previous', 'K', '←']] : []), ...(document.querySelector('[data-submit-key]') ? [['Send the form', 'Ctrl', '↵']] : [])]),
        ...group('Anywhere', [['Find a page, a character or something to do', 'Ctrl', 'K'], ['This list', '?'], ['Search on this page', '/'], ['Close', 'Esc']]),
        ...group('In the list that is found', [['Choose', '↑', '↓'], ['First and last', 'Home', 'End'], ['Open, or do', '↵'], ['Open in a new tab', 'Ctrl', '↵']]),
        ...group('Go to', all('.sidebar a[data-key]').map((link) => [labelOf(link), 'G', link.dataset.key.toUpperCase()]))));
    document.body.append(dialog);
    open(dialog);
  }

  return { fill, keys };
}
