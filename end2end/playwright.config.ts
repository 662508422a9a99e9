import { defineConfig } from '@playwright/test';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const port = Number(process.env.PORT ?? '4101');
const data = (process.env.DALLA_END2END_DATA ??= mkdtempSync(join(tmpdir(), 'dalla-end2end-')));

// What is looked at on every page, for everyone, takes as long as a third of the journeys.
const everyone = /everyone\.spec\.ts/;

// Every journey with and without script, two side by side: each way has a server of its own, and takes its files one by one.
const ways = [
  { name: 'script', javaScriptEnabled: true, testIgnore: everyone },
  { name: 'no-script', javaScriptEnabled: false },
  { name: 'script, every page', javaScriptEnabled: true, testMatch: everyone },
].map((way, place) => ({ ...way, port: port + place, data: join(data, `way-${place}`) }));

export default defineConfig({
  testDir: './tests',
  timeout: 40_000,
  expect: { timeout: 15_000 },
  workers: 2,
  forbidOnly: !!process.env.CI,
  reporter: 'list',
  use: {
    // A trace of every test costs time: ask for it with TRACE=1.
    trace: process.env.TRACE ? 'retain-on-failure' : 'off',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
        '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    },
  },
  projects: ways.map(({ name, javaScriptEnabled, testMatch, testIgnore, port }) => ({
    name,
    testMatch,
    testIgnore,
    workers: 1,
    use: { javaScriptEnabled, baseURL: `http://127.0.0.1:${port}` },
  })),
  // The binary as a newcomer starts it, in a data folder of its own, with every outside service simulated.
  webServer: ways.map(({ name, port, data }) => ({
    name,
    command: `exec ${process.env.DALLA_BIN ?? '../target/debug/digital-dalla'} --sandbox`,
    env: { DALLA_LISTEN: `127.0.0.1:${port}`, DALLA_DATA_DIR: data, DALLA_LOG: 'warn' },
    url: `http://127.0.0.1:${port}/readyz`,
    reuseExistingServer: false,
    timeout: 60_000,
    gracefulShutdown: { signal: 'SIGINT', timeout: 10_000 },
  })),
});
