import { SVGRenderer } from 'echarts/renderers';
import { init, use } from 'echarts/core';
import type { ChartOption } from '../../../src/renderer/charts/chart-option.ts';
import { registerEcharts } from '../../../src/renderer/charts/register-echarts.ts';

registerEcharts();
use([SVGRenderer]);

/** What ECharts itself draws for an option: its SVG, and the texts in it in drawing order. */
export function draw(option: ChartOption, size = { width: 700, height: 300 }) {
  const chart = init(undefined, undefined, { renderer: 'svg', ssr: true, ...size });
  try {
    chart.setOption(option);
    const svg = chart.renderToSVGString();
    const texts = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text = '']) =>
      text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'),
    );
    return { svg, texts };
  } finally {
    chart.dispose();
  }
}
