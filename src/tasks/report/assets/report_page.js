'use strict';
// The section "Training", and the page as a whole: choice of the series, theme, paper.

function drawTraining() {
  const {loss, validation, best_epoch: best, loss_name: name, note} = report.training;
  show('training', loss.length > 0 || Boolean(byId('members-title')));
  show('training-curves', loss.length > 0);
  show('training-numbers', loss.length > 0);
  if (loss.length === 0) return;
  const epochs = loss.map((_, i) => i + 1);
  const all = [...loss, ...validation].filter(Number.isFinite);
  const logarithmic = all.length > 0 && Math.min(...all) > 0 && Math.max(...all) / Math.min(...all) > 20;
  const few = loss.length <= 40 ? {pointRadius: 2} : {};
  const sets = [line('Training loss', points(epochs, loss), 'history', {borderWidth: 2, ...few})];
  if (validation.length > 0)
    sets.push(line('Validation loss', points(epochs, validation), 'baseline', {borderWidth: 2.2, ...few}));
  const course = values =>
      values.length > 1 ? `from ${number(values[0])} to ${number(values.at(-1))}` : number(values[0]);
  const summary = `${count(loss.length, 'epoch', 'epochs')}; training loss ${course(loss)}` +
                  (validation.length > 0 ? `, validation loss ${course(validation)}` : '') +
                  (best > 0 ? `; the weights kept are those of epoch ${best}` : '') + '.';
  const chart =
      draw(
          'training-chart', {
            type: 'line',
            data: {datasets: sets},
            options: {
              scales: {
                x: {
                  type: 'linear',
                  min: Math.min(1, loss.length - 1),
                  max: Math.max(loss.length, 2),
                  title: {display: true, text: 'epoch', color: colour('soft')},
                  grid: {color: colour('grid')},
                  ticks: {color: colour('soft'), precision: 0, maxRotation: 0, includeBounds: loss.length < 3}
                },
                y:
                    valueScale(
                        `loss${logarithmic ? ' (log scale)' : ''}`, logarithmic ? {
                          type: 'logarithmic',
                          ticks: {color: colour('soft'), autoSkip: false, callback: tidyLog}
                        } :
                                                                                  {grace: '8%'}),
              },
              plugins: {
                tooltip: timeTip(epoch => `Epoch ${epoch}`),
                marks: {at: best > 0 ? [{x: best, text: 'best'}] : []}
              },
            },
          },
          `Training curves. ${summary}`);
  keys('training-keys', chart, hidden.training);
  say('training-lead', `${summary}${name ? ` The loss is the ${name}.` : ''} ${note}`);
  lazyTables(
      byId('training-numbers'),
      () => [{
        header: ['Epoch', 'Training loss', ...(validation.length > 0 ? ['Validation loss'] : [])],
        rows: epochs.map(
            (e,
             i) => [String(e), number(loss[i]), ...(validation.length > 0 ? [number(validation[i])] : [])]),
        caption: 'Loss by epoch',
      }]);
}

function drawCharts() {
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  drawForecast();
  drawBacktest();
  drawSteps();
  drawCalibration();
  drawResiduals();
  drawTraining();
  drawGradients();
}

function drawSeries() {
  drawCharts();
  forecastTable();
  historyTable();
  markChosenSeries();
  document.querySelectorAll('.contents a').forEach(link => {
    const target = document.querySelector(link.getAttribute('href'));
    link.parentElement.hidden = !target || target.hidden;
  });
  seriesScores();
}

/** Paper is white whatever the screen's theme, and narrower than most screens. */
function forPaper(on) {
  document.documentElement.classList.toggle('printing', on);
  drawCharts();
  const PAPER_WIDTH = 640;
  for (const chart of charts.values()) {
    const half = chart.canvas.closest('.panels');
    if (on)
      chart.resize(half ? PAPER_WIDTH / 2 - 12 : PAPER_WIDTH, half ? 200 : 240);
    else
      chart.resize();
  }
}

offerSeries();
listSeries();
linkAnomalies();
drawSeries();
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawCharts);
addEventListener('beforeprint', () => forPaper(true));
addEventListener('afterprint', () => forPaper(false));
