import { defineConfig } from '@playwright/test';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// The binary as a newcomer starts it, in a data folder of its own, with every outside service simulated.
const port = process.env.PORT ?? '4101';
const data = (process.env.DALLA_END2END_DATA ??= mkdtempSync(join(tmpdir(), 'dalla-end2end-')));

export default defineConfig({
  testDir: './tests',
  timeout: 40_000,
  expect: { timeout: 15_000 },
  workers: 1,
  forbidOnly: !!process.env.CI,
  reporter: 'list',
  use: {
    baseURL: `http://127.0.0.1:${port}`,
    // A trace of every test costs time: ask for it with TRACE=1.
    trace: process.env.TRACE ? 'retain-on-failure' : 'off',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
        '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    },
  },
  projects: [
    { name: 'script', use: { javaScriptEnabled: true } },
    { name: 'no-script', use: { javaScriptEnabled: false } },
  ],
  webServer: {
    command: `exec ${process.env.DALLA_BIN ?? '../target/debug/digital-dalla'} --sandbox`,
    env: { DALLA_LISTEN: `127.0.0.1:${port}`, DALLA_DATA_DIR: join(data, 'data'), DALLA_LOG: 'warn' },
    url: `http://127.0.0.1:${port}/readyz`,
    reuseExistingServer: false,
    timeout: 60_000,
    gracefulShutdown: { signal: 'SIGINT', timeout: 10_000 },
  },
});
