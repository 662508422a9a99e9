import { expect, test, type Page } from '@playwright/test';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// A server of its own: the one the other journeys share has no password, and must not get one.
const PASSWORD = 'a lighthouse of crystals';
let server: ChildProcess;
let base: string;

test.beforeEach(async () => {
  server = spawn(process.env.DALLA_BIN ?? '../target/debug/digital-dalla', ['--sandbox'], {
    env: { ...process.env, DALLA_LISTEN: '127.0.0.1:0', DALLA_DATA_DIR: join(mkdtempSync(join(tmpdir(), 'dalla-access-')), 'data'), DALLA_LOG: 'warn' },
  });
  base = await new Promise((found, failed) => {
    let said = '';
    server.stdout!.on('data', (data) => { const ready = (said += data).match(/ready: (\S+)/); if (ready) found(ready[1]); });
    server.on('exit', () => failed(new Error(`the server ended: ${said}`)));
  });
});

test.afterEach(async () => {
  server.removeAllListeners('exit');
  const ended = new Promise((done) => server.on('exit', done));
  server.kill('SIGINT');
  await ended;
});

const heading = (page: Page) => page.getByRole('heading', { level: 1 });
const withScript = () => test.info().project.use.javaScriptEnabled !== false;

async function setPassword(page: Page) {
  await page.goto(`${base}/settings`);
  await page.getByRole('link', { name: 'Password and tokens' }).click();
  await expect(heading(page)).toHaveText('Access');
  await page.getByLabel('New password').fill(PASSWORD);
  await page.getByLabel('The same again').fill(PASSWORD);
  await page.getByRole('button', { name: 'Set password' }).click();
  await expect(page.getByText('From now on everybody has to log in')).toBeVisible();
}

async function logIn(page: Page, password = PASSWORD) {
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
}

test('a password is set, asked for, and leads to the page that was asked for', async ({ page, browser }) => {
  await setPassword(page);
  await expect(page.locator('#sessions').getByText('This browser')).toBeVisible();

  const other = await (await browser.newContext({ javaScriptEnabled: withScript() })).newPage();
  await other.goto(`${base}/content?state=approved`);
  await expect(other).toHaveTitle('Log in · Digital Dalla');
  await expect(heading(other)).toHaveText('Log in');
  await expect(other.getByLabel('Password', { exact: true })).toBeFocused();
  await logIn(other, 'not the password');
  await expect(other.getByText('This is not the password.')).toBeVisible();
  await logIn(other);
  await expect(other).toHaveURL(`${base}/content?state=approved`);

  await page.reload();
  await page.getByRole('button', { name: /^End the session/ }).click();
  await expect(page.getByText('That browser has to log in again.')).toBeVisible();
  await other.reload();
  await expect(heading(other)).toHaveText('Log in');
  await other.context().close();

  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Activity' }).click();
  await expect(page.getByText('A login failed')).toBeVisible();
  await expect(page.getByText('You, in this browser').first()).toBeVisible();
  await page.getByRole('button', { name: 'Log out' }).click();
  await expect(heading(page)).toHaveText('Log in');
  await page.goBack();
  await expect(heading(page)).toHaveText('Log in');
});

test('a token is made, used and revoked', async ({ page, request }) => {
  await setPassword(page);
  await page.getByLabel('What it is for').fill('Phone shortcuts');
  await page.getByRole('button', { name: 'Make a token' }).click();
  const token = await page.getByRole('textbox', { name: 'The token' }).inputValue();
  const read = () => request.get(`${base}/api/characters`, { headers: { authorization: `Bearer ${token}` } });
  expect((await read()).status()).toBe(200);
  expect((await request.get(`${base}/api/characters`)).status()).toBe(401);
  await page.goto(`${base}/settings/access`);
  await expect(page.getByRole('textbox', { name: 'The token' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Revoke the token Phone shortcuts' }).click();
  await expect(page.getByText('Whatever used it is let in no longer.')).toBeVisible();
  expect((await read()).status()).toBe(401);
});

test('a page that is open when its session ends leads to the login by itself', async ({ page, browser }) => {
  test.skip(!withScript(), 'liveness is comfort of the script');
  await setPassword(page);
  const other = await (await browser.newContext()).newPage();
  await other.goto(`${base}/activity`);
  await logIn(other);
  await expect(heading(other)).toHaveText('Activity');
  await page.goto(`${base}/settings/access`);
  await page.getByRole('button', { name: 'End all others' }).click();
  await expect(heading(other)).toHaveText('Log in', { timeout: 20_000 });
  await expect(other).toHaveURL(`${base}/login?next=%2Factivity`);
  await other.context().close();
});
