import { formatShare } from '../format/percent.ts';
import type { MeanShares } from '../stores/live-figures.ts';
import type { ThemeTokens } from '../theme/tokens.ts';
import type { GlossaryTerm } from '../words/glossary.ts';
import { chartBase, chartTooltip, LEFT_GUTTER, valueAxisY } from './chart-base.ts';
import type { ChartOption } from './chart-option.ts';

/** What the parts of a bar mean, bottom first. */
export const CPU_STATES = [
  { title: 'working', token: 'cpuWorking', term: 'utilisation' },
  { title: 'waiting for lock', token: 'cpuLockWait', term: 'lockWait' },
  { title: 'no core', token: 'cpuWithheld', term: 'withheld' },
  { title: 'idle', token: 'cpuIdle', term: 'utilisation' },
] as const satisfies readonly { title: string; token: keyof ThemeTokens; term: GlossaryTerm }[];

/** One bar per CPU, 0 … 100 %, of working, waiting for a lock, having no core of the host, and idle. */
export function buildCpuUtilisationOption(cpus: readonly MeanShares[], tokens: ThemeTokens): ChartOption {
  const shares = [
    cpus.map((cpu) => cpu.working),
    cpus.map((cpu) => cpu.lockWait),
    cpus.map((cpu) => cpu.withheld),
    cpus.map((cpu) => Math.max(0, 1 - cpu.working - cpu.lockWait - cpu.withheld)),
  ];
  return {
    ...chartBase(tokens),
    tooltip: { ...chartTooltip(tokens), trigger: 'axis', axisPointer: { type: 'none' }, valueFormatter: asShare },
    grid: { left: LEFT_GUTTER, right: 16, top: 8, bottom: 22 },
    xAxis: {
      type: 'category',
      data: cpus.map((_, index) => `CPU ${index}`),
      axisTick: { show: false },
      axisLine: { lineStyle: { color: tokens.lineStrong } },
      axisLabel: {
        color: tokens.textDim,
        fontSize: 11,
        // Every CPU up to eight, then at most sixteen numbers at equal distances.
        interval: cpus.length > 8 ? Math.ceil(cpus.length / 16) - 1 : 0,
        formatter: (name: string) => (cpus.length > 8 ? name.replace('CPU ', '') : name),
      },
    },
    yAxis: {
      ...valueAxisY(tokens),
      min: 0,
      max: 1,
      interval: 0.5,
      axisLabel: { color: tokens.textDim, fontSize: 11, formatter: (share: number) => `${share * 100} %` },
    },
    series: CPU_STATES.map((state, index) => ({
      type: 'bar' as const,
      id: state.title,
      name: state.title,
      stack: 'time',
      barMaxWidth: 44,
      barCategoryGap: cpus.length > 24 ? '12%' : '30%',
      data: shares[index] ?? [],
      itemStyle: { color: tokens[state.token], decal: cpuDecal(state.token, tokens) },
    })),
  };
}

/** Waiting and having no core are hatched, each its way, so that they are told apart without colour. */
function cpuDecal(token: keyof ThemeTokens, tokens: ThemeTokens) {
  if (token !== 'cpuLockWait' && token !== 'cpuWithheld') return { symbol: 'none' };
  const rotation = token === 'cpuLockWait' ? Math.PI / 4 : 0;
  return { symbol: 'rect', dashArrayX: [1, 0], dashArrayY: [2, 4], rotation, color: tokens.surface };
}

function asShare(value: unknown): string {
  return typeof value === 'number' ? formatShare(value) : '–';
}
