import { createPinia, disposePinia } from 'pinia';
import { createApp, effectScope, type App as VueApp } from 'vue';
import App from './App.vue';
import { registerEcharts } from './charts/register-echarts.ts';
import { LAB } from './lab-key.ts';
import { PAGE_MEMORY, type PageMemory } from './platform/page-memory.ts';
import { useNoticeStore } from './stores/notice-store.ts';
import './theme/element-plus-parts.ts';
import { followSystemTheme, TOKENS } from './theme/use-tokens.ts';
import type { LabConnection } from './transport/connection.ts';

/**
 * The dashboard of a lab, ready to be mounted; unmounting gives up everything that it holds but the connection. Where
 * its user was outlives the page in `memory`.
 */
export function createDashboard(lab: LabConnection, memory: PageMemory): VueApp {
  registerEcharts();
  const scope = effectScope(true);
  const app = createApp(App);
  const pinia = createPinia();
  app.use(pinia);
  app.provide(LAB, lab);
  app.provide(PAGE_MEMORY, memory);
  app.provide(TOKENS, scope.run(followSystemTheme) ?? followSystemTheme());
  app.onUnmount(() => {
    disposePinia(pinia);
    scope.stop();
  });
  app.config.errorHandler = (error) => {
    reportError(error);
    useNoticeStore().reportError('The dashboard has a fault', { code: 'unavailable', message: String(error) });
  };
  return app;
}
