'use strict';
// The section "What the model left unexplained".

function drawResiduals() {
  const {residuals} = seriesNow();
  show('residuals', Boolean(residuals) && residuals.count > 0);
  if (!residuals || residuals.count === 0) return;
  const axis = {row: residuals.row, label: residuals.time};
  const labels = new Map(residuals.row.map((row, i) => [row, residuals.time[i]]));
  const {total} = residuals, from = residuals.row[0];
  byId('residuals-kind').textContent = residuals.one_step ?
      'one step ahead: actual − what was forecast a row before' :
      'actual − predicted';
  draw(
      'residual-line', {
        type: 'line',
        data: {
          datasets: [
            line(
                'Residual', points(residuals.row, residuals.value), 'model',
                {showLine: residuals.row.length > 400, borderWidth: 1, pointRadius: residuals.row.length > 400 ? 0 : 2.2}),
            line(
                'Zero', [{x: from, y: 0}, {x: Math.max(from + 1, total - 1), y: 0}], 'history',
                {borderWidth: 1, noTip: true}),
          ],
        },
        options: {
          interaction: {mode: 'nearest', axis: 'x', intersect: false},
          scales: {x: timeScale(axis, from, Math.max(from + 1, total - 1)), y: valueScale(seriesUnit())},
          plugins: {tooltip: timeTip(row => labels.get(row) ?? '')},
        },
      },
      `Residuals of ${count(residuals.count, 'row', 'rows')} over time, mean ${
          number(residuals.mean)}, standard deviation ${number(residuals.deviation)}.`);
  drawHistogram(residuals);
  drawLags(residuals);
  residualTexts(residuals);
}

const barLook = () => ({backgroundColor: colour('model'), borderColor: colour('ink'), borderWidth: 0});

function drawHistogram({histogram: {edges, counts}}) {
  const bins =
      counts.map((n, i) => ({x: (edges[i] + edges[i + 1]) / 2, y: n, from: edges[i], to: edges[i + 1]}));
  const width = edges[1] - edges[0];
  draw(
      'residual-histogram', {
        type: 'bar',
        data: {
          datasets: [{
            label: 'Rows',
            data: bins,
            parsing: false,
            barPercentage: 0.94,
            categoryPercentage: 1,
            ...barLook()
          }]
        },
        options:
            {
              interaction: {mode: 'nearest', axis: 'x', intersect: false},
              scales: {
                x: {
                  type: 'linear',
                  offset: false,
                  min: edges[0] - width / 2,
                  max: edges.at(-1) + width / 2,
                  grid: {display: false},
                  ticks: {
                    color: colour('soft'),
                    maxTicksLimit: 7,
                    maxRotation: 0,
                    includeBounds: false,
                    callback: tidy
                  }
                },
                y: valueScale(
                    '', {beginAtZero: true, ticks: {color: colour('soft'), precision: 0, maxTicksLimit: 6}}),
              },
              plugins:
                  {
                    tooltip:
                        {
                          callbacks:
                              {
                                title:
                                    items => items.length ?
                                                 `${
                                                     number(items[0].raw.from)} to ${
                                                     number(items[0].raw.to)}` :
                                                 '',
                                label: item => count(item.raw.y, 'row', 'rows'),
                              },
                        },
                  },
            },
      },
      `Histogram of the residuals in ${counts.length} bins from ${number(edges[0])} to ${
          number(edges.at(-1))}.`);
}

function drawLags({autocorrelation, bound}) {
  const lags = autocorrelation.map((_, i) => i + 1);
  const edges = [0.5, Math.max(1.5, lags.length + 0.5)];
  const limit = (label, y) =>
      ({type: 'line', ...line(label, edges.map(x => ({x, y})), 'baseline', {borderWidth: 1.4, noTip: true, pointRadius: 0})});
  const largest = Math.max(0.35, bound, ...autocorrelation.map(r => Math.abs(r)));
  const far = Math.min(1, Math.ceil(largest * 5 + 0.25) / 5);
  draw(
      'residual-lags', {
        type: 'bar',
        data: {
          datasets: [
            {
              label: 'Autocorrelation',
              data: lags.map(x => ({x, y: autocorrelation[x - 1]})),
              parsing: false,
              barPercentage: 0.6,
              categoryPercentage: 1,
              ...barLook()
            },
            limit('upper bound', bound),
            limit('lower bound', -bound),
          ],
        },
        options: {
          interaction: {mode: 'nearest', axis: 'x', intersect: false},
          scales: {
            x: {
              type: 'linear',
              min: edges[0],
              max: edges[1],
              offset: false,
              grid: {display: false},
              ticks: {color: colour('soft'), precision: 0, maxRotation: 0, includeBounds: false}
            },
            y: valueScale('', {
              min: -far,
              max: far,
              ticks: {color: colour('soft'), stepSize: far > 0.6 ? 0.5 : 0.2, callback: tidy}
            }),
          },
          plugins: {
            tooltip: {
              filter: item => !item.dataset.noTip,
              callbacks: {
                title: items => items.length ? `Lag ${items[0].raw.x}` : '',
                label: item => number(item.raw.y)
              }
            },
          },
        },
      },
      `Autocorrelation of the residuals at lags 1 to ${lags.length}; white noise would stay within ±${
          number(bound)}.`);
}

function residualTexts(residuals) {
  const {autocorrelation, bound} = residuals;
  const outside =
      autocorrelation.map((r, i) => [i + 1, r]).filter(([, r]) => Math.abs(r) > bound).map(([lag]) => lag);
  const biased = residuals.count > 1 &&
                 Math.abs(residuals.mean) > 1.96 * residuals.deviation / Math.sqrt(residuals.count);
  say('residuals-lead',
      `On average the model is off by ${number(residuals.mean)} (actual minus predicted), ${
          biased ? 'more than chance would explain: it leans to one side' :
                   'no more than chance would explain'}. The spread (standard deviation) is ${
          number(residuals.deviation)}.`);
  const expected = Math.ceil(autocorrelation.length / 20);
  const usual =
      expected +
      1.65 * Math.sqrt(0.05 * 0.95 * autocorrelation.length);  // 19 times of 20, noise shows no more
  const listed = outside.slice(0, 8).join(', ') + (outside.length > 8 ? ', …' : '');
  const repeat =
      autocorrelation.length === 0 ?
          '' :
      outside.length === 0 ?
          'No lag leaves the dashed lines: the residuals look like noise.' :
      outside.length <= usual ?
          `${count(outside.length, 'lag leaves', 'lags leave')} the dashed lines (${
              listed}), hardly more than pure noise would show: the residuals look like noise.` :
          `${count(outside.length, 'lag leaves', 'lags leave')} the dashed lines (${
              listed}), where pure noise would show about ${expected}: something regular is left to learn.`;
  const overlap = report.horizon > 1 && !residuals.one_step && outside.length > 0 ?
                      ` Forecasts of several steps share their origin, so lags below ${
                          report.horizon} are related by nature.` :
                      '';
  say('residuals-note', repeat + overlap);
  const format = columnFormat(residuals.value);
  lazyTables(
      byId('residual-numbers'),
      () =>
          [{
            header: ['Time', 'Residual'],
            rows: residuals.time.map((time, i) => [time, format(residuals.value[i])]),
            caption: 'Residuals over time'
          },
           {
             header: ['From', 'To', 'Rows'],
             caption: 'Histogram of the residuals',
             rows: residuals.histogram.counts.map(
                 (n, i) =>
                     [number(residuals.histogram.edges[i]), number(residuals.histogram.edges[i + 1]),
                      String(n)])
           },
           {
             header: ['Lag', 'Autocorrelation'],
             rows: autocorrelation.map((r, i) => [String(i + 1), number(r)]),
             caption: 'Autocorrelation of the residuals'
           },
  ]);
}
