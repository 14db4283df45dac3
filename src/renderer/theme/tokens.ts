/**
 * The colours and type sizes of tokens.css as values for charts. A stylesheet cannot be read by a canvas, so the
 * computed custom properties are read once per theme change.
 */

/** The custom properties that charts draw with; each key is `--` + its kebab-case name in tokens.css. */
export const CHART_TOKENS = {
  surface: '--surface',
  surfaceRaised: '--surface-raised',
  line: '--line',
  lineStrong: '--line-strong',
  text: '--text',
  textDim: '--text-dim',
  accent: '--accent',
  design1: '--design-1',
  design2: '--design-2',
  design3: '--design-3',
  design4: '--design-4',
  design5: '--design-5',
  memoryPool: '--memory-pool',
  memorySlotTable: '--memory-slot-table',
  memoryPercpu: '--memory-percpu',
  memoryOther: '--memory-other',
  cpuWorking: '--cpu-working',
  cpuLockWait: '--cpu-lock-wait',
  cpuWithheld: '--cpu-withheld',
  cpuIdle: '--cpu-idle',
  site1: '--site-1',
  site2: '--site-2',
  site3: '--site-3',
  site4: '--site-4',
  site5: '--site-5',
  site6: '--site-6',
  site7: '--site-7',
  site8: '--site-8',
  siteOther: '--site-other',
  partStatic: '--part-static',
  partReserved: '--part-reserved',
  warning: '--warning',
  surfaceHover: '--surface-hover',
  fontUi: '--font-ui',
} as const;

/** One theme's values, each as the stylesheet states it. */
export type ThemeTokens = Readonly<Record<keyof typeof CHART_TOKENS, string>>;

/** Reads the tokens with `propertyOf`, which answers a custom property's value or ''; throws naming a missing one. */
export function readTokens(propertyOf: (name: string) => string): ThemeTokens {
  const read = (name: string): string => {
    const value = propertyOf(name).trim();
    if (value === '') throw new Error(`theme token ${name} is not defined`);
    return value;
  };
  const entries = Object.entries(CHART_TOKENS).map(([key, name]) => [key, read(name)]);
  return Object.fromEntries(entries) as ThemeTokens;
}
