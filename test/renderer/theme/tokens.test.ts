import { describe, expect, test } from 'vitest';
import { CHART_TOKENS, readTokens } from '../../../src/renderer/theme/tokens.ts';
import { chartTokens, themeProperties } from './read-theme.ts';

/** Relative luminance of an #rrggbb colour, by the formula of WCAG 2.2. */
function luminance(color: string): number {
  const channels = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255);
  const [red = NaN, green = NaN, blue = NaN] = channels.map((value) =>
    value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [low = NaN, high = NaN] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

test('the formula gives the published extremes: 21 for black on white, 4.48 for #777777 on white', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
});

describe.each(['light', 'dark'] as const)('in the %s theme', (scheme) => {
  const properties = themeProperties(scheme);
  const color = (name: string): string => {
    const value = properties.get(name) ?? '';
    expect(value, name).toMatch(/^#[0-9a-f]{6}$/);
    return value;
  };

  test.each(['--text', '--text-dim', '--accent', '--danger', '--warning', '--good'])(
    '%s can be read on every surface (4.5 : 1)',
    (name) => {
      for (const surface of ['--surface', '--surface-raised', '--background']) {
        expect(contrast(color(name), color(surface)), surface).toBeGreaterThanOrEqual(4.5);
      }
    },
  );

  test('the text of a filled button can be read', () => {
    expect(contrast(color('--on-accent'), color('--accent'))).toBeGreaterThanOrEqual(4.5);
  });

  test('text of a chosen or hovered line can be read', () => {
    for (const surface of ['--surface-selected', '--surface-hover']) {
      expect(contrast(color('--text'), color(surface)), surface).toBeGreaterThanOrEqual(4.5);
      expect(contrast(color('--text-dim'), color(surface)), surface).toBeGreaterThanOrEqual(4.5);
    }
  });

  test('every mark of a chart and every border of a control stands out from the surface (3 : 1)', () => {
    const marks = [...properties.keys()].filter(
      (name) => /^--(design|memory|cpu|site|part)-/.test(name) && name !== '--cpu-idle',
    );
    expect(marks.length).toBeGreaterThan(10);
    for (const name of [...marks, '--line-strong']) {
      expect(contrast(color(name), color('--surface')), name).toBeGreaterThanOrEqual(3);
    }
  });

  test('charts get every token', () => {
    expect(Object.keys(chartTokens(scheme)).sort()).toEqual(Object.keys(CHART_TOKENS).sort());
  });
});

test('a token that the stylesheet lacks is named', () => {
  expect(() => readTokens((name) => (name === '--text-dim' ? '' : '#000000'))).toThrow('--text-dim');
});
