// Renews the counters every two seconds while the page is looked at, and says so when the hub does not answer.
// Without script the page shows them as they were when it was loaded.
const figures = [...document.querySelectorAll('[data-figure]')];
const state = document.getElementById('state');
const format = new Intl.NumberFormat(document.documentElement.lang);
const clock = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: 'medium', timeStyle: 'medium' });
const title = document.title;
let before = null;

function show(running, at) {
  const text = running ? state.dataset.running : state.dataset.away;
  // Said once when it changes, not every two seconds: a screen reader reads it out.
  if (state.firstElementChild.textContent !== text) state.firstElementChild.textContent = text;
  state.classList.toggle('away', !running);
  document.title = running ? title : `⚠ ${title}`;
  if (at) {
    const time = state.querySelector('time');
    time.dateTime = at.toISOString();
    time.textContent = clock.format(at);
  }
}

async function renew() {
  if (document.hidden) return;
  let status;
  try {
    const answer = await fetch('/status', { cache: 'no-store', signal: AbortSignal.timeout(5000) });
    if (!answer.ok) throw new Error(answer.statusText);
    status = await answer.json();
  } catch {
    show(false); // The next round asks again.
    before = null;
    return;
  }
  const at = performance.now();
  for (const output of figures) {
    const value = status.figures[output.dataset.figure];
    if (value === undefined) continue;
    output.textContent = format.format(Math.round(value));
    const card = output.closest('[data-worries]');
    if (card) card.classList.toggle('worry', value > 0);
    if (!output.dataset.rate) continue;
    const note = output.parentElement.querySelector('small') ?? output.parentElement.appendChild(document.createElement('small'));
    if (before) {
      const rate = (value - before.figures[output.dataset.figure]) / ((at - before.at) / 1000);
      note.textContent = rate >= 0.5 ? `${format.format(Math.round(rate))} ${output.dataset.rate}` : '';
    }
  }
  before = { at, figures: status.figures };
  show(true, new Date());
}

for (const output of figures) output.setAttribute('aria-live', 'off');
// Times in the reader's own zone; the tooltip keeps UTC.
for (const time of document.querySelectorAll('time')) {
  time.title = time.textContent;
  time.textContent = clock.format(new Date(time.dateTime));
}
renew();
setInterval(renew, 2000);
document.addEventListener('visibilitychange', renew);
