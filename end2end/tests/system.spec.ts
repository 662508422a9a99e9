import { readFileSync } from 'node:fs';
import { expect, heading, test, withScript } from './dalla';

test('the owner looks again and sees when each part was looked at', async ({ page }) => {
  await page.goto('/system');
  await page.getByRole('button', { name: 'Look again' }).click();
  await expect(page.getByText('Looked again.')).toBeVisible();
  const status = page.locator('#status');
  for (const part of ['Store', 'ComfyUI', 'Schedules', 'Gemini', 'Instagram', 'X', 'Trainer', 'Graphics card', 'Disk', 'Memory']) {
    const row = status.getByRole('listitem').filter({ has: page.getByText(part, { exact: true }) });
    await expect(row.locator('time'), part).toHaveCount(1);
    // Other journeys enter wrong keys and pause everything; the machine is well in any case.
    if (['Store', 'ComfyUI', 'Disk', 'Memory'].includes(part)) await expect(row.getByText('Works'), part).toBeVisible();
  }
});

test('the log is read, filtered and searched', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Logs' }).click();
  await expect(heading(page)).toHaveText('Logs');
  const lines = page.getByRole('list', { name: 'Lines of the log' });
  await expect(lines.getByText('Worker draw started')).toHaveCount(1);
  await page.getByLabel('Words').fill('SWEEP');
  await page.getByRole('main').getByRole('button', { name: 'Show' }).click();
  await expect(page).toHaveURL(/q=SWEEP/);
  await expect(lines.getByText('Worker sweep started')).toBeVisible();
  await expect(lines.getByText('Worker draw started')).toHaveCount(0);
  await page.getByLabel('Words').fill('<b>nothing like this</b>');
  await page.getByRole('main').getByRole('button', { name: 'Show' }).click();
  await expect(page.getByRole('heading', { name: 'No such lines' })).toBeVisible();
  await page.getByRole('link', { name: 'Show everything' }).click();
  await expect(lines.getByText('Worker draw started')).toHaveCount(1);
});

test('a line that is logged appears by itself, or on reload', async ({ page, request }) => {
  await page.goto('/logs?q=asked+for');
  const lines = page.getByRole('list', { name: 'Lines of the log' }).getByRole('listitem');
  const before = await lines.count();
  const characters = await (await request.get('/api/characters')).json();
  const asked = await request.post('/api/generate-image', {
    headers: { prefer: 'respond-async' },
    data: { characterId: characters[0].id, prompt: 'a line of the log', steps: 2, width: 64, height: 64 },
  });
  expect(asked.status()).toBe(202);
  if (!withScript()) await page.reload();
  await expect(lines).toHaveCount(before + 1);
  await expect(lines.last()).toContainText('a job was asked for');
});

test('diagnostics are copied or downloaded, and hold no key', async ({ page }) => {
  await page.goto('/system');
  await page.getByRole('link', { name: 'Diagnostics' }).click();
  await expect(heading(page)).toHaveText('Diagnostics');
  const text = page.locator('#diagnostics');
  await expect(text).toContainText('== Checks');
  await expect(text).toContainText('geminiApiKey: set');
  const waiting = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download' }).click();
  const download = await waiting;
  expect(download.suggestedFilename()).toBe('digital-dalla-diagnostics.txt');
  expect(readFileSync(await download.path(), 'utf8')).toContain('== Last failed jobs');
  if (!withScript()) return expect(page.getByRole('button', { name: 'Copy' })).toBeHidden();
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByRole('button', { name: 'Copy' }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('== Settings');
});
