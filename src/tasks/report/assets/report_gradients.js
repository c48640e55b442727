'use strict';
// The section "Does learning reach back?".

const gradientsHidden = new Set((report.gradient_flow ?? []).map(layer => `${layer.layer}, from all steps`));

function drawGradients() {
  const layers = report.gradient_flow;
  if (!layers || !byId('gradient-chart')) return;
  const looks = ['model', ...BASELINE_LOOKS, 'history'];
  const backwards = pairs => pairs.map(([k, v]) => ({x: -k, y: v > 0 ? v : NaN})).reverse();
  const same = layer => JSON.stringify(layer.norm) === JSON.stringify(layer.norm_from_end);
  const sets = [];
  layers.forEach((layer, i) => {
    const look = looks[i % looks.length];
    const every = Math.max(1, Math.round(layer.norm_from_end.length / 10));
    const marks = {marked: true, pointRadius: c => c.dataIndex % every === i % every ? 3.5 : 0};
    const name = same(layer) ? layer.layer : `${layer.layer}, from the last step`;
    sets.push(line(name, backwards(layer.norm_from_end), look, marks));
    if (!same(layer))
      sets.push(line(`${layer.layer}, from all steps`, backwards(layer.norm), look, {
        borderDash: [2, 3],
        borderWidth: 1.4,
        pointStyle: 'circle',
      }));
  });
  const most = Math.max(1, ...layers.map(layer => layer.steps - 1));
  const only = layers.length === 1 ? layers[0] : null;
  const zeros = layers.some(layer => layer.norm_from_end.some(([, v]) => v === 0));
  const description = layers
                          .map(layer => `${layer.layer}: ${number(layer.norm_from_end[0]?.[1])} at the last step, ${
                                   number(layer.norm_from_end.at(-1)?.[1])} ${layer.steps - 1} steps back`)
                          .join('; ');
  const positive = sets.flatMap(set => set.data.map(p => p.y)).filter(y => y > 0);
  const low = Math.min(...positive), high = Math.max(...positive);
  const chart = draw(
      'gradient-chart', {
        type: 'line',
        data: {datasets: sets},
        options: {
          scales: {
            x: {
              type: 'linear',
              min: -most,
              max: 0,
              title: {display: true, text: 'steps back from the end', color: colour('soft')},
              grid: {color: colour('grid')},
              ticks: {
                color: colour('soft'),
                precision: 0,
                maxRotation: 0,
                callback: v => v === 0 ? 'end' : tidy(-v),
              },
            },
            y: valueScale('‖∂L/∂h‖ (log scale)', {
              type: 'logarithmic',
              min: 10 ** Math.floor(Math.log10(low) - 0.05),
              max: 10 ** Math.ceil(Math.log10(high) + 0.05),
              ticks: {color: colour('soft'), autoSkip: true, maxTicksLimit: 8, maxRotation: 0, callback: power(low, high)},
            }),
          },
          plugins: {
            tooltip: timeTip(x => x === 0 ? 'Last step' : count(-x, 'step back', 'steps back')),
            marks: {
              at: only && only.steps_for_99_percent > 0 && only.steps_for_99_percent < only.steps ?
                  [{x: -(only.steps_for_99_percent - 1), text: '99 % lies right of here'}] :
                  []
            },
          },
        },
      },
      `Norm of the gradient by steps back from the end, on a logarithmic scale. ${description}.`);
  keys('gradient-keys', chart, gradientsHidden);
  say('gradient-note',
      'L is the loss, h the state after a step. A line that falls by many powers of ten says that the first steps have no ' +
      'say in what is learnt; one that rises, that they drown the rest.' +
      (zeros ? ' Steps whose gradient is exactly 0 are not drawn.' : ''));
  lazyTables(
      byId('gradient-numbers'),
      () => layers.map(layer => ({
                         header: ['Steps back', 'From the last step', 'From all steps'],
                         rows: layer.norm_from_end.map(([k, v], i) => [String(k), number(v), number(layer.norm[i][1])]),
                         caption: `Norm of the gradient, ${layer.layer}`,
                       })));
}

/** Ticks of a logarithmic axis: powers of ten only. */
function power(low, high) {
  const plain = low > 1e-3 && high < 1e4;
  return value => {
    const n = Math.round(Math.log10(value));
    if (Math.abs(Math.log10(value) - n) > 1e-6) return '';
    if (plain || n === 0) return tidy(value);
    const digits = String(Math.abs(n)).replace(/\d/g, d => '⁰¹²³⁴⁵⁶⁷⁸⁹'[d]);
    return `10${n < 0 ? '⁻' : ''}${digits}`;
  };
}
