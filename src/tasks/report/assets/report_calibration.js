'use strict';
// "Error by step of the horizon" and the section "Do the probabilities hold?".

const stepsHidden = new Set();

function drawSteps() {
  const given = report.horizon_errors;
  if (!given || !byId('steps-chart')) return;
  const {measure, lines} = given;
  const count_ = lines[0].value.length;
  const steps = lines[0].value.map((_, i) => i + 1);
  const every = Math.max(1, Math.round(count_ / 12));  // a mark on some points tells lines apart without colour
  const looks = ['model', ...BASELINE_LOOKS];
  const sets = lines.map(
      (l, i) => line(
          capital(l.name), points(steps, l.value), looks[i === 0 ? 0 : 1 + (i - 1) % 4], {
            marked: true,
            pointRadius: c => c.dataIndex % every === (every > 1 ? (i * 2) % every : 0) ? 3.5 : 0,
            pointBorderWidth: 1.5,
          }));
  const unit = given.in_units && report.unit ? ` (${report.unit})` : '';
  const [model] = lines;
  const course = `from ${number(model.value[0])} one step ahead to ${number(model.value.at(-1))} after ${count_} steps`;
  const chart = draw(
      'steps-chart', {
        type: 'line',
        data: {datasets: sets},
        options: {
          scales: {
            x: {
              type: 'linear',
              min: 1,
              max: count_,
              title: {display: true, text: 'steps ahead', color: colour('soft')},
              grid: {display: false},
              ticks: {color: colour('soft'), precision: 0, maxRotation: 0, includeBounds: count_ <= 60},
            },
            y: valueScale(measure + unit, {beginAtZero: true}),
          },
          plugins: {tooltip: timeTip(step => step === 1 ? '1 step ahead' : `${step} steps ahead`)},
        },
      },
      `${measure} of ${lines.length} forecasters by step of the horizon; the model's goes ${course}.`);
  keys('steps-keys', chart, stepsHidden);
  const others = lines.slice(1);
  const beaten = steps.filter((_, i) => others.some(l => l.value[i] !== null && l.value[i] < model.value[i])).length;
  const compare = others.length === 0 ? '' :
      beaten === 0                    ? ' No simple forecast is better at any step.' :
      beaten === count_               ? ' Some simple forecast is better at every step.' :
                                        ` Some simple forecast is better at ${beaten} of ${count_} steps.`;
  say('steps-lead', `The ${model.name}’s ${measure} goes ${course}.${compare}`);
  const format = columnFormat(...lines.map(l => l.value));
  lazyTables(byId('steps-numbers'), () => [{
                                      header: ['Steps ahead', ...lines.map(l => capital(l.name))],
                                      rows: steps.map((s, i) => [String(s), ...lines.map(l => format(l.value[i]))]),
                                      caption: `${measure} by step of the horizon`,
                                    }]);
}

const share = value => `${+(value * 100).toFixed(1)} %`;

/** By how much the share of rows inside a band may miss what it promises: 3 points at 80 %, 1.5 at 95 %. */
const tolerance = level => level < 0.9 ? 0.03 : 0.015;

function bandWords(level, observed) {
  const off = observed - level;
  if (Math.abs(off) <= tolerance(level)) return 'as promised';
  return off < 0 ? 'too narrow' : 'wider than needed';
}

function drawCalibration() {
  const given = report.calibration;
  if (!given || !byId('calibration')) return;
  const {nominal, observed, rows, pit} = given;
  const leads = [];
  if (nominal.length > 0) {
    drawCoverage(nominal, observed, rows);
    const named = nominal.length <= 3 ? nominal.map((_, i) => i) : [0.5, 0.8, 0.95].map(level => {
      return nominal.findIndex(p => Math.abs(p - level) < 1e-6);
    }).filter(i => i >= 0);
    const told = named.length > 0 ? named : [nominal.length - 1];
    leads.push(`Over ${count(rows, 'row', 'rows')} of the backtest ${
        told.map(i => `the ${share(nominal[i])} band held ${share(observed[i])} (${bandWords(nominal[i], observed[i])})`)
            .join(', ')}.`);
  }
  if (pit) leads.push(drawPit(pit));
  say('calibration-lead', leads.join(' '));
  say('calibration-note', [
    nominal.length > 0 ? 'Bands: on the dashed line a band holds what it promises; below it, bands are too narrow.' : '',
    pit ? 'Where the truth fell: even bars (dashed line) mean that the distribution is right; tall ends that it is too ' +
            'narrow, a hump that it is too wide, a slope that it leans to one side.' :
          '',
  ].join(' ').trim());
  lazyTables(byId('calibration-numbers'), () => [
    ...(nominal.length > 0 ? [{
      header: ['Band', 'Promised', 'Held'],
      rows: nominal.map((p, i) => [`${share(p)} band`, share(p), share(observed[i])]),
      caption: 'Share of rows inside the bands',
    }] :
                             []),
    ...(pit ? [{
      header: ['Forecast probability', 'Rows', 'Share'],
      rows: pit.counts.map(
          (n, i) => [`${(i / pit.counts.length).toFixed(1)} to ${((i + 1) / pit.counts.length).toFixed(1)}`,
                     n.toLocaleString('en-US'), share(n / pit.rows)]),
      caption: 'Where the truth fell in the forecast distribution',
    }] :
              []),
  ]);
}

function percentScale(title) {
  return {
    type: 'linear',
    min: 0,
    max: 100,
    title: {display: true, text: title, color: colour('soft')},
    grid: {color: colour('grid')},
    ticks: {color: colour('soft'), stepSize: 20, maxRotation: 0, callback: v => `${v} %`},
  };
}

function drawCoverage(nominal, observed, rows) {
  const measured = nominal.map((p, i) => ({x: p * 100, y: observed[i] * 100}));
  draw(
      'coverage-chart', {
        type: 'line',
        data: {
          datasets: [
            line('Held', measured, 'model', {
              pointRadius: nominal.length <= 30 ? 4.5 : 0,
              showLine: nominal.length > 2,
            }),
            line('Promised', [{x: 0, y: 0}, {x: 100, y: 100}], 'history', {borderDash: [6, 4], noTip: true}),
          ],
        },
        options: {
          interaction: {mode: 'nearest', axis: 'x', intersect: false},
          scales: {x: percentScale('promised'), y: percentScale('held')},
          plugins: {
            tooltip: {
              filter: item => !item.dataset.noTip,
              callbacks: {
                title: items => items.length ? `${+items[0].raw.x.toFixed(1)} % band` : '',
                label: item => `held ${+item.raw.y.toFixed(1)} % of ${count(rows, 'row', 'rows')}`,
              },
            },
            values: {shown: nominal.length <= 4, text: p => `${+p.y.toFixed(1)} %`},
          },
        },
      },
      `Share of rows inside each band against what it promises: ${
          nominal.map((p, i) => `${share(p)} band held ${share(observed[i])}`).join(', ')}.`);
}

/** Draws the histogram and returns what it says in words. */
function drawPit({counts, rows}) {
  const even = 100 / counts.length;
  const bars = counts.map((n, i) => ({x: (i + 0.5) / counts.length, y: 100 * n / rows}));
  const top = Math.max(2 * even, ...bars.map(b => b.y * 1.1));
  draw(
      'pit-chart', {
        type: 'bar',
        data: {
          datasets: [
            {label: 'Rows', data: bars, parsing: false, barPercentage: 0.94, categoryPercentage: 1, order: 2, ...barLook()},
            {
              type: 'line',
              ...line('Even', [{x: 0, y: even}, {x: 1, y: even}], 'baseline', {borderWidth: 1.8, noTip: true, pointRadius: 0, order: 0}),
            },
          ],
        },
        options: {
          interaction: {mode: 'nearest', axis: 'x', intersect: false},
          scales: {
            x: {
              type: 'linear',
              min: 0,
              max: 1,
              offset: false,
              title: {display: true, text: 'probability of a lower value', color: colour('soft')},
              grid: {display: false},
              ticks: {color: colour('soft'), stepSize: 0.2, maxRotation: 0},
            },
            y: valueScale('rows', {
              beginAtZero: true,
              max: top,
              ticks: {color: colour('soft'), maxTicksLimit: 6, includeBounds: false, callback: v => `${tidy(v)} %`},
            }),
          },
          plugins: {
            tooltip: {
              filter: item => !item.dataset.noTip,
              callbacks: {
                title: items =>
                    items.length ? `${(items[0].raw.x - 0.05).toFixed(1)} to ${(items[0].raw.x + 0.05).toFixed(1)}` : '',
                label: item => `${+item.raw.y.toFixed(1)} % of ${count(rows, 'row', 'rows')}`,
              },
            },
          },
        },
      },
      `Histogram of where the truth fell in the forecast distribution, in ${counts.length} tenths: ${
          counts.map(n => share(n / rows)).join(', ')}; ${share(1 / counts.length)} each would be right.`);
  return pitWords(counts, rows);
}

function pitWords(counts, rows) {
  const of = (from, to) => counts.slice(from, to).reduce((sum, n) => sum + n, 0) / rows;
  const n = counts.length;
  const ends = of(0, 1) + of(n - 1, n);
  const above = of(n / 2, n);
  if (Math.abs(above - 0.5) > 0.06)
    return `The truth lies in the upper half of the distribution in ${share(above)} of the rows: forecasts lean ${
        above > 0.5 ? 'low' : 'high'}.`;
  if (ends > 2.5 / n) return `${share(ends)} of the rows lie in the outer two tenths: the distribution is too narrow.`;
  if (ends < 1.5 / n) return `Only ${share(ends)} of the rows lie in the outer two tenths: the distribution is too wide.`;
  return 'The truth is spread over the distribution about as evenly as it should.';
}
