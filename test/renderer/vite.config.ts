import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

/** The dashboard alone, over a lab in memory. Its preview has the policy that the shipped page has. */
export default defineConfig({
  root: new URL('dev', import.meta.url).pathname,
  plugins: [vue()],
  server: { host: '127.0.0.1', port: 5199 },
  preview: {
    host: '127.0.0.1',
    port: 5198,
    headers: {
      'Content-Security-Policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'",
    },
  },
});
