// Renews the counters every two seconds while the page is looked at. Without script the page shows them as they were when it was loaded.
const figures = [...document.querySelectorAll('[data-figure]')];
const format = new Intl.NumberFormat(document.documentElement.lang);
let before = null;

async function renew() {
  if (document.hidden) return;
  let status;
  try {
    const answer = await fetch('/status', { cache: 'no-store' });
    if (!answer.ok) return;
    status = await answer.json();
  } catch {
    return; // The hub is away; the next round asks again.
  }
  const at = performance.now();
  for (const output of figures) {
    const value = status.figures[output.dataset.figure];
    if (value === undefined) continue;
    output.textContent = format.format(Math.round(value));
    if (!output.dataset.rate) continue;
    const note = output.parentElement.querySelector('small') ?? output.parentElement.appendChild(document.createElement('small'));
    if (before) {
      const rate = (value - before.figures[output.dataset.figure]) / ((at - before.at) / 1000);
      note.textContent = rate >= 0.5 ? `${format.format(Math.round(rate))} ${output.dataset.rate}` : '';
    }
  }
  before = { at, figures: status.figures };
}

for (const output of figures) output.setAttribute('aria-live', 'off');
renew();
setInterval(renew, 2000);
