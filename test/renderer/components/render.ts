import { ID_INJECTION_KEY, ZINDEX_INJECTION_KEY } from 'element-plus';
import { createSSRApp, h, shallowRef, type Component } from 'vue';
import { renderToString } from 'vue/server-renderer';
import { TOKENS } from '../../../src/renderer/theme/use-tokens.ts';
import { chartTokens } from '../theme/read-theme.ts';

/** The HTML of a presenter for these props, and its text without tags. */
export async function render(component: Component, props: Readonly<Record<string, unknown>>) {
  const app = createSSRApp({ render: () => h(component, props) });
  app.provide(TOKENS, shallowRef(chartTokens('light')));
  app.provide(ID_INJECTION_KEY, { prefix: 1, current: 0 });
  app.provide(ZINDEX_INJECTION_KEY, { current: 0 });
  const html = await renderToString(app);
  const text = html
    .replace(/<!--.*?-->/gs, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return { html, text };
}
