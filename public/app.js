// Comfort for pages that work without it: live regions, keys, counters, dialogs, theme; the palette is in palette.js.
// No framework and no build. Everything listens on the document, so parts swapped in later need no wiring.
(() => {
  'use strict';

  const root = document.documentElement;
  root.classList.add('js');

  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);

  function el(name, attributes = {}, ...children) {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value === true) node.setAttribute(key, '');
      else if (value !== false && value != null) node.setAttribute(key, value);
    }
    node.append(...children);
    return node;
  }

  function debounce(work, wait) {
    let timer;
    return (...args) => {
      clearTimeout(timer);
      timer = setTimeout(work, wait, ...args);
    };
  }

  // ---- Forms: what a person has typed and not yet sent -------------------------------------------------

  const isField = (node) => node instanceof Element && node.matches('input:not([type=hidden], [type=submit], [type=button]), textarea, select, [contenteditable]');
  // What a link or button is called: its words, without its icon, count and key. Comments mark places in the page's HTML.
  const isWord = (node) => node.nodeType === Node.TEXT_NODE || (node instanceof Element && !node.matches('.count, kbd, svg'));
  const labelOf = (node) => node.getAttribute('aria-label') || [...node.childNodes].filter(isWord).map((child) => child.textContent).join('').trim();
  const isText = (node) => isField(node) && !node.matches('[type=checkbox], [type=radio], [type=range], [type=color], [type=file], select');

  function isChanged(field) {
    if (field.type === 'hidden' || field.type === 'submit') return false;
    if (field.type === 'checkbox' || field.type === 'radio') return field.checked !== field.defaultChecked;
    if (field instanceof HTMLSelectElement) {
      const options = [...field.options];
      // A drop-down in which the page marks nothing shows its first option.
      const marked = options.some((option) => option.defaultSelected);
      return options.some((option, index) => option.selected !== (marked || field.multiple ? option.defaultSelected : index === 0));
    }
    if (field.type === 'file') return field.files.length > 0;
    return 'defaultValue' in field && field.value !== field.defaultValue;
  }

  const isDirty = (form) => form.hasAttribute('data-dirty') || [...form.elements].some(isChanged);
  const hasUnsaved = (region) => [...all('input, textarea, select', region)].some(isChanged);

  // ---- Swapping HTML ------------------------------------------------------------------------------------

  const keyOf = (node) => (node.nodeType === 1 ? node.id || node.dataset.job || node.dataset.id || null : null);

  // Makes `old` equal to `fresh` and leaves alone what is equal already, so focus, scroll, playing progress
  // and loaded pictures stay as they are.
  function morph(old, fresh) {
    if (old.isEqualNode(fresh)) return;
    // What the script itself has written stays.
    if (old.nodeType === 1 && old.hasAttribute('data-own')) return;
    if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName || keyOf(old) !== keyOf(fresh)) {
      old.replaceWith(document.importNode(fresh, true));
      return;
    }
    if (old.nodeType !== 1) {
      old.nodeValue = fresh.nodeValue;
      return;
    }
    morphAttributes(old, fresh);
    if (old.nodeName !== 'TEXTAREA') morphChildren(old, fresh);
    else if (!isChanged(old)) old.value = old.defaultValue = fresh.defaultValue;
  }

  function morphAttributes(old, fresh) {
    const untouched = isField(old) && !isChanged(old);
    // A fold stays as the person left it, and an open dialog stays open.
    const kept = old.matches('details, dialog') ? ['open'] : old.matches('form') ? ['aria-busy'] : [];
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && !kept.includes(name)) old.removeAttribute(name);
    }
    for (const { name, value } of fresh.attributes) {
      if (!kept.includes(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    // Once a field was touched its value no longer follows the attribute; put back in step what nobody changed.
    if (untouched && old.nodeName === 'INPUT' && old.type !== 'file') {
      old.value = old.defaultValue;
      old.checked = old.defaultChecked;
    }
  }

  function morphChildren(old, fresh) {
    const keyed = new Map([...old.childNodes].map((node) => [keyOf(node), node]).filter(([key]) => key));
    const freshKeys = new Set([...fresh.childNodes].map(keyOf).filter(Boolean));
    let at = old.firstChild;
    for (const next of [...fresh.childNodes]) {
      const key = keyOf(next);
      // Those whose own place comes later (or never again) are not to be reshaped into something else.
      while (!key && at && keyOf(at)) {
        const passed = at;
        at = at.nextSibling;
        if (!freshKeys.has(keyOf(passed))) passed.remove();
      }
      const match = key ? keyed.get(key) : at;
      if (match && match.nodeName === next.nodeName) {
        if (match === at) at = at.nextSibling;
        else old.insertBefore(match, at);
        morph(match, next);
      } else {
        old.insertBefore(document.importNode(next, true), at);
        if (!key && at && at.nodeType === next.nodeType && !keyOf(at)) {
          const replaced = at;
          at = at.nextSibling;
          replaced.remove();
        }
      }
    }
    while (at) {
      const surplus = at;
      at = at.nextSibling;
      surplus.remove();
    }
  }

  function swap(region, fresh) {
    const focused = region.contains(document.activeElement) ? document.activeElement : null;
    const follows = all('[data-follow]', region).filter((log) => log.scrollHeight - log.scrollTop - log.clientHeight < 40);
    morph(region, fresh);
    for (const log of follows) log.scrollTop = log.scrollHeight;
    if (focused && !focused.isConnected && focused.id) byId(focused.id)?.focus({ preventScroll: true });
    dress(region);
  }

  async function fetchPage(address, signal) {
    const answer = await fetch(address, { headers: { Accept: 'text/html', 'X-Live': '1' }, credentials: 'same-origin', signal });
    // The session is over: the page leads to the login, and back.
    if (answer.status === 401 && !all('form[data-guard]').some(isDirty)) location.reload();
    if (!answer.ok || answer.redirected) throw new Error(`the page answered ${answer.status}`);
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    // Such a document has no script, so what is meant for browsers without one would come to life in it.
    for (const other of page.querySelectorAll('noscript')) other.textContent = other.innerHTML;
    return page;
  }

  // ---- Live regions -------------------------------------------------------------------------------------

  const stale = new Set(); // ids of regions that no longer show what is stored
  let fetching = false;

  const liveRegions = () => all('[data-live][id]');
  // Someone at work in a region must not have it changed under their hands. A focused link or button may stay:
  // it survives the swap.
  const isBusy = (region) =>
    (region.contains(document.activeElement) && isField(document.activeElement)) ||
    (document.querySelector('dialog:modal') && region.contains(document.querySelector('dialog:modal'))) ||
    region.querySelector('form[aria-busy="true"]') ||
    (dragged && region.contains(dragged)) ||
    hasUnsaved(region);

  const refreshSoon = debounce(refresh, 150);

  async function refresh() {
    if (fetching || document.hidden) return;
    const due = liveRegions().filter((region) => stale.has(region.id) && !isBusy(region));
    if (!due.length) return;
    fetching = true;
    for (const region of due) stale.delete(region.id);
    try {
      const page = await fetchPage(location.href);
      for (const { id } of due) {
        const region = byId(id);
        const fresh = page.getElementById(id);
        if (region && fresh && !isBusy(region)) swap(region, fresh);
        else if (region && fresh) stale.add(id);
      }
    } catch {
      // The page can't be read right now; the regions stay stale and the next event or reconnect tries again.
      for (const { id } of due) stale.add(id);
    } finally {
      fetching = false;
    }
    // Something may have happened while the page was on its way.
    if (liveRegions().some((region) => stale.has(region.id) && !isBusy(region))) setTimeout(refreshSoon, 800);
  }

  function markStale(...words) {
    for (const region of liveRegions()) {
      const topics = region.dataset.live.split(/\s+/);
      if (!words.length || topics.includes('*') || words.some((word) => topics.includes(word))) stale.add(region.id);
    }
    if (stale.size) refreshSoon();
  }

  document.addEventListener('focusout', () => stale.size && refreshSoon());
  document.addEventListener('reset', () => stale.size && setTimeout(refreshSoon));

  function secondsInWords(seconds) {
    if (seconds < 1) return 'almost done';
    if (seconds < 90) return `about ${Math.round(seconds)} s left`;
    if (seconds < 5400) return `about ${Math.round(seconds / 60)} min left`;
    return `about ${(seconds / 3600).toFixed(1).replace('.0', '')} h left`;
  }

  function showProgress({ id, step, steps, picture, pictures, secondsLeft, preview, words, unit }) {
    for (const card of all(`[data-job="${CSS.escape(id)}"]`)) {
      if (card.dataset.state === 'queued') card.dataset.state = 'running';
      const bar = card.matches('progress') ? card : card.querySelector('progress');
      if (bar && steps > 0) {
        bar.max = steps;
        bar.value = step;
      }
      const put = (name, text) => {
        const place = card.querySelector(name);
        if (place && text && place.textContent !== text) place.textContent = text;
      };
      const counted = step > 0 ? `${unit} ${step} of ${steps}` : '';
      put('.job-step', counted && pictures > 1 ? `${counted} · picture ${picture} of ${pictures}` : counted || words);
      put('.job-words', words);
      if (secondsLeft != null) put('.job-left', secondsInWords(secondsLeft));
      if (preview) showPreview(card.querySelector('.job-preview'), preview);
    }
  }

  // The next preview is decoded before it is shown, or the picture would flicker at each step.
  function showPreview(place, address) {
    if (!place) return;
    const picture = place.matches('img') ? place : place.querySelector('img') ?? place.appendChild(el('img', { alt: '' }));
    picture.dataset.next = address;
    const next = new Image();
    next.src = address;
    next.decode().then(() => picture.dataset.next === address && (picture.src = address), () => {});
  }

  // ---- Events -------------------------------------------------------------------------------------------

  const TOPICS = ['job', 'content', 'dataset', 'training', 'character', 'post', 'prompt', 'task', 'system', 'settings', 'notification', 'activity', 'log'];
  let source = null;
  let failures = 0;
  let lostBefore = false;
  let retryTimer;
  let pillTimer;

  function onEvent(name, message) {
    let data = {};
    try {
      data = JSON.parse(message.data);
    } catch {
      // An event without readable data still says that its topic changed.
    }
    if (name === 'job' && data.kind === 'progress') return showProgress(data);
    const topic = data.topic || name;
    markStale(topic, `${topic}:${data.id}`);
  }

  function connect() {
    if (source || document.hidden || !document.querySelector('[data-live], [data-job]')) return;
    // What happened between the making of the page and now is told first, or the page would never show it.
    const last = root.dataset.event;
    delete root.dataset.event;
    source = new EventSource(last ? `/api/events?last=${last}` : '/api/events');
    source.onopen = () => {
      clearTimeout(pillTimer);
      pillTimer = null;
      byId('connection')?.remove();
      failures = 0;
      if (lostBefore) markStale(); // whatever happened meanwhile, nobody told us
      lostBefore = false;
    };
    source.onerror = () => {
      disconnect();
      failures += 1;
      pillTimer ??= setTimeout(sayNotConnected, 5000);
      retryTimer = setTimeout(connect, Math.min(30000, 500 * 2 ** failures) * (0.75 + Math.random() / 2));
    };
    for (const name of TOPICS) source.addEventListener(name, (message) => onEvent(name, message));
  }

  function disconnect() {
    clearTimeout(retryTimer);
    source?.close();
    source = null;
    lostBefore = true;
  }

  function sayNotConnected() {
    if (byId('connection') || document.hidden) return;
    document.body.append(el('p', { id: 'connection', class: 'pill warn connection', role: 'status' }, 'Not connected'));
    fetchPage(location.href).catch(() => {}); // perhaps it is only we who are let in no longer
  }

  // A hidden tab gives its connection back: a browser allows few of them per server, and tabs are many.
  let hideTimer;
  document.addEventListener('visibilitychange', () => {
    clearTimeout(hideTimer);
    if (document.hidden) {
      hideTimer = setTimeout(disconnect, 10000);
      clearTimeout(pillTimer);
      pillTimer = null;
    } else {
      applyTheme(storedTheme());
      connect();
      if (stale.size) refreshSoon();
      tellTimes();
    }
  });
  addEventListener('pagehide', disconnect);
  addEventListener('online', () => {
    clearTimeout(retryTimer);
    connect();
  });

  // ---- Toasts -------------------------------------------------------------------------------------------

  function toast(words, tone = 'ok') {
    const box = document.querySelector('.toasts') ?? document.body.appendChild(el('div', { class: 'toasts', 'aria-live': 'polite' }));
    const note = el('div', { class: `toast ${tone}`, role: 'status' }, el('p', {}, words), el('button', { type: 'button', 'data-dismiss': true, 'aria-label': 'Dismiss' }, '×'));
    box.append(note);
    fadeLater(note);
  }

  function dismiss(note) {
    note.classList.add('leaving');
    setTimeout(() => note.remove(), 180);
  }

  // Success leaves by itself, but not from under a pointer or a focus. What went wrong stays.
  function fadeLater(note) {
    if (!note.classList.contains('ok') || note.dataset.fading) return;
    note.dataset.fading = '1';
    let timer;
    const start = () => (timer = setTimeout(() => (note.matches(':hover, :focus-within') ? start() : dismiss(note)), 6000));
    const wait = () => clearTimeout(timer);
    note.addEventListener('pointerenter', wait);
    note.addEventListener('focusin', wait);
    note.addEventListener('pointerleave', () => (wait(), start()));
    note.addEventListener('focusout', () => (wait(), start()));
    start();
  }

  // ---- Dialogs ------------------------------------------------------------------------------------------

  function open(dialog) {
    if (!dialog.open) dialog.showModal();
  }

  // "Really?" for a button that has no dialog of its own. The answer travels as `confirmed`, so the server can
  // ask on a page instead when there is no script.
  function askFirst(button) {
    const words = button.dataset;
    const yes = el('button', { type: 'button', class: `button primary ${words.confirmTone ?? 'danger'}` }, words.confirmDo || button.textContent.trim());
    const dialog = el('dialog', { class: 'dialog', 'aria-labelledby': 'ask-title' },
      el('div', { class: 'body' },
        el('h2', { id: 'ask-title' }, words.confirm || words.confirmTitle || 'Are you sure?'),
        ...(words.confirmText ? [el('p', {}, words.confirmText)] : []),
        el('div', { class: 'actions' }, el('button', { type: 'button', class: 'button', 'data-close': true, autofocus: true }, words.confirmKeep || 'Cancel'), yes)));
    dialog.addEventListener('close', () => dialog.remove());
    yes.addEventListener('click', () => {
      dialog.close();
      const form = button.form;
      if (!form) return location.assign(button.href);
      form.append(el('input', { type: 'hidden', name: 'confirmed', value: 'true' }));
      form.requestSubmit(button);
    });
    document.body.append(dialog);
    open(dialog);
  }

  // ---- Clicks -------------------------------------------------------------------------------------------

  document.addEventListener('click', (event) => {
    const target = event.target instanceof Element ? event.target : event.target.parentElement;
    const hit = (selector) => target?.closest(selector);
    let found;

    // Left open, a menu would cover what was clicked next.
    for (const menu of all('details.menu[open]')) if (!menu.contains(target)) menu.open = false;

    if ((found = hit('[data-confirm], [data-confirm-title]'))) {
      event.preventDefault();
      askFirst(found);
    } else if ((found = hit('[data-dialog]')) && byId(found.dataset.dialog)?.showModal) {
      event.preventDefault();
      open(byId(found.dataset.dialog));
    } else if ((found = hit('[data-close]'))) {
      event.preventDefault();
      found.closest('dialog')?.close();
    } else if ((found = hit('[data-dismiss]'))) {
      event.preventDefault();
      dismiss(found.closest('.toast') ?? found.parentElement);
    } else if (hit('[data-palette]:not(html)') && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      openPalette();
    } else if (hit('[data-keys]')) {
      openKeys();
    } else if ((found = hit('.theme button[value]'))) {
      event.preventDefault();
      chooseTheme(found.value);
    } else if ((found = hit('[data-copy]'))) {
      event.preventDefault();
      copy(found.dataset.copy);
    } else if ((found = hit('[data-seed-random]'))) {
      event.preventDefault();
      fill(found.dataset.seedRandom || '[name=seed]', String(crypto.getRandomValues(new BigUint64Array(1))[0]), found);
    } else if ((found = hit('[data-fill]'))) {
      event.preventDefault();
      fill(found.dataset.fill, found.dataset.value ?? '', found);
    } else if (target instanceof HTMLDialogElement && target.open && outside(target, event)) {
      // A click beside a dialog closes it, unless something typed would be lost.
      if (!hasUnsaved(target) || target.matches('.palette')) target.close();
    }
  });

  function outside(dialog, { clientX, clientY }) {
    const box = dialog.getBoundingClientRect();
    return clientX < box.left || clientX > box.right || clientY < box.top || clientY > box.bottom;
  }

  function fill(selector, value, from) {
    const field = from?.closest('form')?.querySelector(selector) ?? document.querySelector(selector);
    if (!field) return;
    field.value = value;
    field.dispatchEvent(new Event('input', { bubbles: true }));
    field.dispatchEvent(new Event('change', { bubbles: true }));
  }

  async function copy(what) {
    const place = /^#[\w-]+$/.test(what) ? byId(what.slice(1)) : null;
    const text = place ? place.value ?? place.innerText : what;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Over plain HTTP in a home network there is no clipboard object; the old way still works.
      const shelf = el('textarea', { readonly: true, class: 'visually-hidden' });
      shelf.value = text;
      (document.querySelector('dialog:modal') ?? document.body).append(shelf);
      shelf.select();
      const copied = document.execCommand('copy');
      shelf.remove();
      if (!copied) return toast('The browser did not allow copying. Select the text and copy it yourself.', 'bad');
    }
    toast('Copied');
  }

  // ---- Theme --------------------------------------------------------------------------------------------

  const storedTheme = () => document.cookie.match(/(?:^|; )theme=(\w+)/)?.[1] ?? root.dataset.theme ?? 'system';

  function applyTheme(theme) {
    if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
    else delete root.dataset.theme;
    for (const button of all('.theme button[value]')) button.setAttribute('aria-pressed', String(button.value === theme));
    for (const radio of all('.theme input[type=radio]')) radio.checked = radio.value === theme;
  }

  function chooseTheme(theme) {
    document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=lax`;
    applyTheme(theme);
  }

  // ---- Typing: counters, previews of what a form would do -----------------------------------------------

  // A field with a limit says how full it is.
  function count(field) {
    const most = field.maxLength > 0 ? field.maxLength : 0;
    let place = field.nextElementSibling;
    if (!place?.matches('.counter')) {
      place = el('p', { class: 'counter' });
      field.after(place);
    }
    const used = [...field.value].length;
    const tone = most && used > most ? 'too-long' : most && used > most * 0.9 ? 'close' : '';
    place.replaceChildren(el('span', { class: tone }, `${used.toLocaleString('en')}${most ? ` / ${most.toLocaleString('en')}` : ''}`));
  }

  // Each network counts in its own way, and the server knows how.
  const measure = debounce(async (field) => {
    const place = document.getElementById(`${field.id}-count`);
    if (!place) return;
    const body = JSON.stringify({ network: field.dataset.measure, text: field.value });
    try {
      const answer = await fetch('/api/captions/count', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
      if (!answer.ok) return;
      const { network, length, longest, hashtags, fits } = await answer.json();
      const name = network === 'x' ? 'X' : 'Instagram';
      place.textContent = `${name}: ${length.toLocaleString('en')} of ${longest.toLocaleString('en')}, ${hashtags} hashtag${hashtags === 1 ? '' : 's'}`;
      place.classList.toggle('too-long', !fits);
    } catch {
      // The count stays as it was; saving counts again.
    }
  }, 200);

  const previews = new WeakMap(); // form → the fetch under way
  const preview = debounce(async (form) => {
    previews.get(form)?.abort();
    const control = new AbortController();
    previews.set(form, control);
    const query = new URLSearchParams(location.search);
    const fields = [...new FormData(form)].filter(([, value]) => typeof value === 'string');
    for (const [name] of fields) query.delete(name);
    for (const [name, value] of fields) if (!/password|secret|token|csrf/i.test(name)) query.append(name, value);
    const regions = form.dataset.livePreview.split(/[\s,]+/).map((selector) => document.querySelector(selector)).filter(Boolean);
    for (const region of regions) region.setAttribute('aria-busy', 'true');
    try {
      const page = await fetchPage(`${location.pathname}?${query}`, control.signal);
      for (const region of regions) {
        const fresh = region.id && page.getElementById(region.id);
        if (fresh && !(region.contains(document.activeElement) && isText(document.activeElement))) swap(region, fresh);
      }
    } catch {
      // The old preview stays; sending the form says what is wrong with it.
    }
    for (const region of regions) if (!control.signal.aborted) region.removeAttribute('aria-busy');
  }, 250);

  document.addEventListener('input', (event) => {
    const field = event.target;
    if (field.matches('textarea[data-count], input[data-count]')) count(field);
    if (field.matches('[data-measure]')) measure(field);
    if (field.type === 'range') for (const output of all(`output[for~="${CSS.escape(field.id)}"]`)) output.value = field.value;
    if (field.matches('[name=width], [name=height]')) matchPreset(field.form);
    if (field.matches('[data-pick], .pick input')) tellPicked(field.form);
    const form = field.closest('form[data-live-preview]');
    if (form) preview(form);
  });

  document.addEventListener('change', (event) => {
    const field = event.target;
    if (field.closest('.theme') && field.type === 'radio') return chooseTheme(field.value);
    if (field.matches('[data-width][data-height]')) {
      for (const side of ['width', 'height']) fill(`[name=${side}]`, field.dataset[side], field);
      field.checked = true;
    }
    if (field.matches('[data-pick-all]')) {
      for (const box of boxesOf(field.form)) box.checked = field.checked;
      tellPicked(field.form);
    }
    if (field.type === 'file' && field.form?.hasAttribute('data-upload')) field.files.length && field.form.requestSubmit();
    else if (field.type === 'file' && field.closest('.drop')) showFiles(field);
    if (field.matches('[data-save]')) save(field);
    if (field.matches('select[data-submit], input[data-submit]') || (field.matches('input, select') && field.closest('[data-submit]'))) field.form?.requestSubmit();
  });

  // A size typed by hand is a preset only if it is the size of one.
  function matchPreset(form) {
    const value = (name) => form?.elements[name]?.value;
    for (const radio of all('[data-width][data-height]', form ?? document)) radio.checked = radio.dataset.width === value('width') && radio.dataset.height === value('height');
  }

  // The boxes of a form, also those that stand elsewhere and name it.
  const boxesOf = (form) => [...(form?.elements ?? all('input'))].filter((box) => box.matches('.pick input, [data-pick]'));

  function tellPicked(form) {
    const picked = boxesOf(form).filter((box) => box.checked).length;
    for (const place of all('[data-picked]', form ?? document)) place.textContent = `${picked} picked`;
  }

  // A field that is saved as soon as it is left, and says so quietly.
  const saving = new WeakMap(); // field → the last save, so that an earlier one never overtakes it
  function save(field) {
    const before = saving.get(field) ?? Promise.resolve();
    saving.set(field, before.then(() => send(field)));
  }

  async function send(field) {
    const place = byId(field.dataset.saved);
    const tell = (words, bad = false) => {
      place.textContent = words;
      place.classList.toggle('bad', bad);
    };
    const sent = field.value;
    tell('Saving…');
    try {
      const answer = await fetch(field.dataset.save, { method: 'PATCH', keepalive: true, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ [field.name]: sent }) });
      const said = await answer.json();
      if (!answer.ok) return tell(said.detail, true);
      field.defaultValue = said[field.name];
      if (field.value === sent) field.value = said[field.name];
      tell('Saved');
      setTimeout(() => place.textContent === 'Saved' && tell(''), 4000);
      if (stale.size) refreshSoon();
    } catch {
      tell('Not saved: the server cannot be reached.', true);
    }
  }

  // ---- Dropping files -----------------------------------------------------------------------------------

  function showFiles(field) {
    const box = field.closest('.drop');
    const shelf = box.querySelector('.previews') ?? box.appendChild(el('div', { class: 'previews' }));
    for (const picture of all('img', shelf)) URL.revokeObjectURL(picture.src);
    shelf.replaceChildren(...[...field.files].filter((file) => file.type.startsWith('image/')).slice(0, 24).map((file) => el('img', { src: URL.createObjectURL(file), alt: file.name })));
  }

  for (const kind of ['dragover', 'dragleave', 'drop']) {
    document.addEventListener(kind, (event) => {
      const box = event.target instanceof Element && event.target.closest('.drop');
      if (!box || !event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      box.classList.toggle('dragging', kind === 'dragover');
      const field = kind === 'drop' && box.querySelector('input[type=file]');
      if (!field) return;
      const files = new DataTransfer();
      for (const file of [...event.dataTransfer.files].slice(0, field.multiple ? undefined : 1)) files.items.add(file);
      field.files = files.files;
      field.dispatchEvent(new Event('change', { bubbles: true }));
    });
  }

  // ---- Moving in the calendar ---------------------------------------------------------------------------
  // An entry is dragged to a day, or moved by key where the focus is. Either fills in one form and sends it, so the
  // server says what came of it, and how to undo it.

  let dragged = null;

  function sendMove(entry, { day = '', days = 0, hours = 0 }) {
    const form = byId('mover');
    if (!form) return;
    const values = { kind: entry.dataset.movable, id: entry.dataset.id, day, days, hours };
    for (const [name, value] of Object.entries(values)) form.elements[name].value = value;
    form.requestSubmit();
  }

  document.addEventListener('dragstart', (event) => {
    dragged = event.target instanceof Element ? event.target.closest('[data-movable]') : null;
    if (!dragged) return;
    event.dataTransfer.effectAllowed = 'move';
    event.dataTransfer.setData('text/plain', dragged.title || dragged.textContent.trim());
    // Only after the browser has taken its picture of it.
    setTimeout(() => dragged?.classList.add('dragged'));
  });
  document.addEventListener('dragend', () => {
    dragged?.classList.remove('dragged');
    all('.dropping').forEach((place) => place.classList.remove('dropping'));
    dragged = null;
    if (stale.size) refreshSoon();
  });
  for (const kind of ['dragover', 'dragleave', 'drop']) {
    document.addEventListener(kind, (event) => {
      const place = dragged && event.target instanceof Element && event.target.closest('[data-day]');
      if (!place || place.contains(dragged)) return;
      event.preventDefault();
      place.classList.toggle('dropping', kind === 'dragover');
      if (kind === 'drop') sendMove(dragged, { day: place.dataset.day });
    });
  }

  const MOVES = { ArrowLeft: { days: -1 }, ArrowRight: { days: 1 }, ArrowUp: { hours: -1 }, ArrowDown: { hours: 1 } };

  // Answers whether the key was meant for the entry that has the focus.
  function moveByKey({ key, shiftKey, target }) {
    const entry = target instanceof Element && target.closest('[data-movable]');
    if (!entry) return false;
    if (shiftKey && MOVES[key]) sendMove(entry, MOVES[key]);
    else if (key.toLowerCase() === 'm') location.assign(`/calendar/move?kind=${entry.dataset.movable}&id=${encodeURIComponent(entry.dataset.id)}&back=${encodeURIComponent(location.pathname + location.search)}`);
    else return false;
    return true;
  }

  // Files on their way, with how far they are. Where there is no script, the browser shows that itself.
  function upload(form) {
    const field = form.querySelector('input[type=file]');
    const box = form.querySelector('.sending');
    const [bar, words] = [box.querySelector('progress'), box.querySelector('p')];
    const files = [...field.files];
    const what = files.length === 1 ? files[0].name : `${files.length} files`;
    const megabytes = (bytes) => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
    const stop = (problem) => {
      box.hidden = true;
      form.classList.remove('busy');
      form.reset();
      settle(form);
      toast(problem, 'bad');
    };
    const request = new XMLHttpRequest();
    request.open('POST', form.action);
    // What is left for the next page stays there until that page is opened.
    request.setRequestHeader('X-Live', '1');
    request.upload.onprogress = ({ loaded, total }) => {
      bar.max = total;
      bar.value = loaded;
      words.textContent = loaded < total ? `Sending ${what}: ${megabytes(loaded)} of ${megabytes(total)} MB` : `Looking at ${what}…`;
      if (loaded >= total) bar.removeAttribute('value');
    };
    request.onload = () => {
      leavingOnPurpose = true;
      if (request.status < 400) location.assign(request.responseURL);
      else stop('The server did not take the files.');
    };
    request.onerror = () => stop('The upload broke off. What was complete by then is kept; reload to see it.');
    request.send(new FormData(form));
    form.classList.add('busy');
    form.setAttribute('aria-busy', 'true');
    box.hidden = false;
    words.textContent = `Sending ${what}`;
  }

  // ---- Sending ------------------------------------------------------------------------------------------

  let leavingOnPurpose = false;
  let sent = null; // the form that is on its way; what is typed in others would be lost

  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (form.matches('.theme')) {
      event.preventDefault();
      return chooseTheme(event.submitter?.value ?? new FormData(form).get('theme'));
    }
    if (form.getAttribute('aria-busy') === 'true') return event.preventDefault();
    if (event.defaultPrevented || form.method === 'dialog') return;
    if (form.hasAttribute('data-upload')) {
      event.preventDefault();
      return upload(form);
    }
    sent = form;
    if (form.hasAttribute('data-no-busy') || form.method !== 'post') return;
    const button = event.submitter ?? form.querySelector('.button.primary, button:not([type=button])');
    form.setAttribute('aria-busy', 'true');
    button?.classList.add('busy');
    button?.setAttribute('aria-disabled', 'true'); // not `disabled`: its name and value must be sent
    // An answer that is a download leaves this page standing, with its button turning.
    setTimeout(settle, 30000, form);
  });

  function settle(form) {
    form.removeAttribute('aria-busy');
    leavingOnPurpose = false;
    sent = null;
    for (const button of all('.busy', form)) {
      button.classList.remove('busy');
      button.removeAttribute('aria-disabled');
    }
  }

  addEventListener('beforeunload', (event) => {
    if (leavingOnPurpose) return;
    if (!all('form[data-guard]').some((form) => form !== sent && isDirty(form)) && !document.querySelector('form[data-upload].busy')) return;
    event.preventDefault();
    if (sent) setTimeout(settle, 0, sent); // in case they stay
  });

  // Back from the browser's memory: nothing is on its way any more, and what is shown may be old.
  addEventListener('pageshow', ({ persisted }) => {
    if (!persisted) return;
    all('form[aria-busy]').forEach(settle);
    leavingOnPurpose = false;
    sent = null;
    connect();
    markStale();
  });

  // ---- Times --------------------------------------------------------------------------------------------

  // Times are said where the installation is and on its clock, wherever the browser is.
  const face = () => ({ timeZone: root.dataset.zone || undefined, hourCycle: root.dataset.clock === '12' ? 'h12' : 'h23' });

  function relative(then, now = Date.now()) {
    const seconds = Math.round((then - now) / 1000);
    const away = Math.abs(seconds);
    const say = (amount, unit) => (seconds < 0 ? `${amount} ${unit} ago` : `in ${amount} ${unit}`);
    if (away < 45) return seconds <= 0 ? 'just now' : 'in a moment';
    if (away < 3570) return say(Math.max(1, Math.round(away / 60)), 'min');
    if (away < 79200) return say(Math.round(away / 3600), 'h');
    if (away < 604800) return say(Math.max(1, Math.round(away / 86400)), away < 129600 ? 'day' : 'days');
    const year = (at) => new Date(at).toLocaleDateString('en-GB', { ...face(), year: 'numeric' });
    return new Date(then).toLocaleDateString('en-GB', { ...face(), day: 'numeric', month: 'short', ...(year(then) === year(now) ? {} : { year: 'numeric' }) });
  }

  function tellTimes(within = document) {
    for (const place of all('time[datetime][data-relative]', within)) {
      const then = Date.parse(place.dateTime);
      if (Number.isNaN(then)) continue;
      const words = relative(then);
      if (place.textContent !== words) place.textContent = words;
      place.title = new Date(then).toLocaleString('en-GB', { ...face(), weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', timeZoneName: 'short' });
    }
  }
  setInterval(() => document.hidden || tellTimes(), 20000);

  // ---- Palette ------------------------------------------------------------------------------------------

  // It has a file of its own, read when it is first wanted. The field is there at once, so that whoever types on
  // does not press the keys of the page.
  let more = null;
  function readMore() {
    more ??= import(root.dataset.palette).then(({ setUp }) => setUp({ all, byId, el, labelOf, open, fetchPage, visible }));
    return more.catch(() => {
      more = null;
      toast('The search cannot be read at the moment.', 'bad');
    });
  }

  function openPalette() {
    if (document.querySelector('dialog:modal:not(#palette)')) return;
    const words = 'Find a page, a character, or something to do';
    const dialog = byId('palette') ?? document.body.appendChild(el('dialog', { id: 'palette', class: 'palette', 'aria-label': 'Search' },
      el('input', { type: 'text', role: 'combobox', 'aria-expanded': 'false', 'aria-autocomplete': 'list', 'aria-label': words, placeholder: `${words}…`, autocomplete: 'off', spellcheck: 'false', autofocus: true })));
    if (dialog.open) return dialog.close();
    const input = dialog.querySelector('input');
    input.value = '';
    // Whoever types fast is done before the list is there: what is found first is done then.
    delete dialog.dataset.hasty;
    input.oninput = () => delete dialog.dataset.hasty;
    dialog.onkeydown = (event) => {
      if (event.key === 'Enter' && !event.isComposing) dialog.dataset.hasty = '';
    };
    open(dialog);
    readMore().then((tools) => tools?.fill(dialog));
  }

  // ---- Keys ---------------------------------------------------------------------------------------------

  const visible = (node) => node.getClientRects().length > 0;
  const pageKeys = () => all('main [data-key]').filter(visible);
  const openKeys = () => readMore().then((tools) => tools?.keys());

  let goUntil = 0; // after `g`, a second key names the page

  document.addEventListener('keydown', (event) => {
    const { key, target } = event;
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && key.toLowerCase() === 'k') {
      event.preventDefault();
      return openPalette();
    }
    if ((event.ctrlKey || event.metaKey) && key === 'Enter' && target instanceof Element) {
      const form = target.closest('form');
      if (form && (form.matches('[data-submit-key]') || form.querySelector('[data-submit-key]'))) {
        event.preventDefault();
        form.requestSubmit();
      }
      return;
    }
    // Captions are one line each: Enter goes on to the next, and leaving one saves it.
    if (key === 'Enter' && !event.shiftKey && !event.isComposing && target instanceof Element && target.matches('textarea[data-save]')) {
      event.preventDefault();
      const fields = all('textarea[data-save]');
      const next = fields[fields.indexOf(target) + 1];
      return next ? next.focus() : target.blur();
    }
    if (key === 'Escape') {
      const menu = document.querySelector('details.menu[open]');
      const drawer = document.querySelector('.nav-toggle:checked');
      if (menu) {
        menu.open = false;
        menu.querySelector('summary').focus();
      } else if (drawer) {
        drawer.checked = false;
        drawer.focus();
      }
      return;
    }
    // From here on single keys, and those belong to whoever is typing.
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
    // A field that was just closed with its dialog keeps the focus until the next frame.
    if ((isField(target) && visible(target)) || document.querySelector('dialog[open]')) return;
    if (key === '?') return openKeys();
    if (moveByKey(event)) return event.preventDefault();

    const pressed = key.toLowerCase();
    if (Date.now() < goUntil) {
      goUntil = 0;
      const link = document.querySelector(`.sidebar a[data-key="${CSS.escape(pressed)}"]`);
      if (link) {
        event.preventDefault();
        return location.assign(link.href);
      }
    }
    const own = pageKeys().find((node) => node.dataset.key === pressed);
    if (own) {
      event.preventDefault();
      return isField(own) ? own.focus() : own.click();
    }
    if (pressed === 'g') {
      goUntil = Date.now() + 1200;
      return;
    }
    if (pressed === '/') {
      const search = document.querySelector('main input[type=search]');
      if (search) {
        event.preventDefault();
        search.focus();
      }
      return;
    }
    const turn = { j: 'next', arrowright: 'next', k: 'prev', arrowleft: 'prev' }[pressed];
    const link = turn && document.querySelector(`main a[rel~=${turn}]`);
    if (link) {
      event.preventDefault();
      link.click();
    }
  });

  // ---- Sections of a long page --------------------------------------------------------------------------

  // Marks the one that is being read, and keeps it in sight where the sections are a row.
  function tellSection() {
    const links = all('.sections a');
    if (!links.length) return;
    const bottom = innerHeight + scrollY >= document.documentElement.scrollHeight - 2;
    const reached = links.filter((link) => (byId(link.hash.slice(1))?.getBoundingClientRect().top ?? Infinity) < innerHeight * .4);
    const current = (bottom && scrollY > 0 ? links.at(-1) : reached.at(-1)) ?? links[0];
    if (current.hasAttribute('aria-current')) return;
    for (const link of links) link.removeAttribute('aria-current');
    current.setAttribute('aria-current', 'true');
    const row = current.parentElement;
    row.scrollLeft = current.offsetLeft - row.offsetLeft - (row.clientWidth - current.offsetWidth) / 2;
  }
  addEventListener('scroll', () => requestAnimationFrame(tellSection), { passive: true });

  // ---- At the start, and for every part swapped in ------------------------------------------------------

  function dress(within) {
    tellTimes(within);
    for (const field of all('textarea[data-count], input[data-count]', within)) count(field);
    for (const note of all('.toast', within)) fadeLater(note);
    for (const form of all('form:has([data-picked])', within)) tellPicked(form);
  }

  function start() {
    dress(document);
    tellSection();
    for (const log of all('[data-follow]')) log.scrollTop = log.scrollHeight;
    document.querySelector('.tabs [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
    // On a low screen the last places of the sidebar are below its edge.
    if (innerWidth > 900) document.querySelector('.sidebar a[aria-current]')?.scrollIntoView({ block: 'nearest' });
    // On a phone the timeline is wider than the screen; today is what one looks for.
    for (const line of all('.timeline .today-line')) {
      const box = line.closest('div.timeline');
      if (box) box.scrollLeft += line.getBoundingClientRect().left - box.getBoundingClientRect().left - box.clientWidth / 2;
    }
    // What was typed before this script had come is counted and shown, too.
    for (const field of all('input, textarea')) {
      if (isText(field) && field.value !== field.defaultValue) field.dispatchEvent(new Event('input', { bubbles: true }));
    }
    document.querySelector('.problem')?.focus();
    // On a phone a month is a long list, and today is what one looks for.
    if (innerWidth <= 720 && !location.hash) document.querySelector('.calendar td#today')?.scrollIntoView({ block: 'center' });
    // What was moved keeps the focus, so that it can be moved on.
    if (location.hash) byId(location.hash.slice(1))?.closest('[data-movable]')?.focus();
    connect();
  }
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
  else start();
})();
