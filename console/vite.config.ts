/** Builds the three pages: the operator's console, the viewer's pages and the embedded player. */

import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { entryStyles } from './build/entry-styles.ts';
import { firstLoad } from './build/first-load.ts';

// `MATCHCUT=http://127.0.0.1:8080 npm run dev` shows the sources on a running stand-in.
const service = process.env['MATCHCUT'] ?? 'http://127.0.0.1:8080';
const served = ['/api', '/config.json', '/oauth2', '/logout', '/live', '/out', '/c/', '/feeds'];

export default defineConfig({
  plugins: [svelte(), entryStyles(), firstLoad({ watch: 60_000, embed: 20_000 })],
  // The files of `public` are read by the pages at load, so that a deployment can replace them.
  build: {
    target: 'es2022',
    // The Content-Security-Policy allows no inline script, and pictures are cached on their own.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The largest chunk is hls.js, which is loaded when something is played.
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      input: { console: 'console.html', watch: 'watch.html', embed: 'embed.html' },
      output: {
        // The share page of a clip is HTML from a function. It names these files, so their names
        // have no hash; they load chunks that have one.
        entryFileNames: 'assets/[name].js',
        chunkFileNames: 'assets/[name]-[hash].js',
        assetFileNames: 'assets/[name]-[hash][extname]',
      },
    },
  },
  worker: {
    format: 'es',
    rolldownOptions: { output: { entryFileNames: 'assets/[name]-[hash].js' } },
  },
  server: { proxy: Object.fromEntries(served.map((path) => [path, { target: service }])) },
});
