'use strict';
// The page as a whole: drawing, theme, paper.

function drawPage() {
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  for (const part of report.parts) drawers[part.kind](part);
  document.querySelectorAll('.contents a').forEach(link => {
    const target = document.querySelector(link.getAttribute('href'));
    link.parentElement.hidden = !target || target.hidden;
  });
}

/** Paper is white whatever the screen's theme, and narrower than most screens. */
function forPaper(on) {
  document.documentElement.classList.toggle('printing', on);
  drawPage();
  const PAPER_WIDTH = 640;
  for (const chart of charts.values()) {
    const half = chart.canvas.closest('.panels');
    if (on)
      chart.resize(half ? PAPER_WIDTH / 2 - 12 : PAPER_WIDTH, half ? 200 : 240);
    else
      chart.resize();
  }
}

/** What a link leads to is shown, also where it is folded. */
function unfold() {
  const fold = location.hash.length > 1 && byId(decodeURIComponent(location.hash.slice(1)))?.querySelector('.fold');
  if (fold) fold.open = true;
}

for (const step of beforeDrawing) step();
document.querySelectorAll('.scroll').forEach(offerCsv);
drawPage();
unfold();
addEventListener('hashchange', unfold);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawPage);
addEventListener('beforeprint', () => forPaper(true));
addEventListener('afterprint', () => forPaper(false));
