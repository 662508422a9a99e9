import AxeBuilder from '@axe-core/playwright';
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { create, expect, heading, here, test, withScript } from './dalla';

/** What an older app has left, in one file. The names are those of this run: both runs share a server. */
function older(run: string) {
  return JSON.stringify({
    characters: [
      { id: `old-${run}`, name: `Vesper ${run}`, personality: ['wry', 'patient'], createdAt: '2025-01-02T03:04:05', instagramApiKey: 'IGend2endSecretToken0123456789' },
      { id: `long-${run}`, name: 'W'.repeat(80), backstory: 'x', timezone: 'Mars/Base' },
    ],
    tasks: [{ id: `task-${run}`, characterId: `old-${run}`, type: 'generate_and_post', schedule: '0 9 * * *', active: true }],
    prompts: [{ id: `prompt-${run}`, characterId: `old-${run}`, prompt: 'a pier in the rain' }, { id: `empty-${run}`, prompt: '' }],
    content: [{ id: `content-${run}`, characterId: `old-${run}`, imageUrl: '../../../etc/passwd', caption: 'Rain.', postedToInstagram: true }],
  });
}

/** Chooses a file and has it looked at. With script a chosen file is on its way at once. */
async function send(page: Page, name: string, buffer: Buffer) {
  await page.goto('/characters/import');
  await page.getByLabel(/choose (it|a file)/i).setInputFiles({ name, mimeType: 'application/octet-stream', buffer });
  if (!withScript()) await page.getByRole('button', { name: 'Look at it' }).click();
  await page.waitForURL(/\/characters\/import(\/.+)?$/);
}

async function isForEveryone(page: Page) {
  await page.waitForLoadState(); // before its style is there, a page has no width to speak of
  for (const width of [1280, 390, 360]) {
    await page.setViewportSize({ width, height: 844 });
    const beyond = await page.evaluate(() => document.scrollingElement!.scrollWidth - innerWidth);
    expect.soft(beyond, `${here(page)} is wider than a screen of ${width}`).toBeLessThanOrEqual(0);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  if (!withScript()) return; // axe is a script itself
  await page.emulateMedia({ reducedMotion: 'reduce' });
  for (const theme of ['light', 'dark']) {
    await page.locator('html').evaluate((root, theme) => root.setAttribute('data-theme', theme), theme);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    const { violations } = await new AxeBuilder({ page }).analyze();
    const serious = violations.filter((found) => found.impact === 'serious' || found.impact === 'critical');
    expect.soft(serious.map((found) => `${found.id}: ${found.nodes.map((node) => node.html).join('\n')}`), `${here(page)} ${theme}`).toEqual([]);
  }
}

test('what an older app has left is looked at, imported, and comes only once', async ({ page }) => {
  const run = withScript() ? 'a' : 'b';
  await page.goto('/characters');
  await page.getByRole('link', { name: 'Import', exact: true }).click();
  await expect(heading(page)).toHaveText('Import');
  await isForEveryone(page);
  await send(page, 'older.json', Buffer.from(older(run)));
  await expect(heading(page)).toHaveText('What would come');
  await expect(page.locator('#decision')).toContainText('To come: 2 characters, 1 key, 1 picture, 1 prompt, 1 schedule, 1 published post.');
  await expect(page.locator('#decision')).toContainText(/It waits until \d\d:\d\d\./);
  await expect(page.locator('#left-out')).toContainText('Its path leads out of what was sent.');
  await expect(page.locator('#left-out')).toContainText('It has no words.');
  await expect(page.locator('#of-schedules')).toContainText('It was active, and comes paused.');
  await expect(page.locator('#of-keys')).toContainText(`Instagram access token of Vesper ${run}`);
  expect(await page.content()).not.toContain('IGend2endSecretToken');
  await isForEveryone(page);

  await page.getByRole('button', { name: 'Import it' }).click();
  await expect(heading(page)).toHaveText('Imported');
  await expect(page.locator('#decision')).toContainText('Now here: 2 characters');
  await expect(page.getByRole('button', { name: 'Import it' })).toHaveCount(0);
  await page.locator('#decision').getByRole('link', { name: 'Schedules' }).click();
  await expect(page.locator('#schedules li', { hasText: `Vesper ${run}` })).toContainText(/paused/i);
  await page.goto('/activity');
  await expect(page.getByText('“older.json” was imported').first()).toBeVisible();

  await send(page, 'older.json', Buffer.from(older(run)));
  await expect(page.locator('#decision')).toContainText('Nothing of it is new');
  await page.getByRole('button', { name: 'Discard' }).click();
  await expect(page.getByText('Nothing was imported')).toBeVisible();
});

test('a bundle is downloaded and is nothing new where it comes from', async ({ page }) => {
  const path = await create(page, `Bundled ${withScript() ? 'a' : 'b'}`);
  const arriving = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download bundle' }).click();
  const file = await arriving;
  expect(file.suggestedFilename()).toMatch(/^bundled-[ab]\.zip$/);
  const zip = readFileSync(await file.path());
  expect(zip.subarray(0, 4).toString('latin1')).toBe('PK\u0003\u0004');
  await send(page, file.suggestedFilename(), zip);
  await expect(page.locator('#decision')).toContainText('Nothing of it is new');
  await expect(page.locator('#of-characters .pill')).toHaveText('Here already');
  await page.goto(path);
  await expect(page.locator('#bundle')).toContainText('Keys are never in it.');
});

test('a file on its way is shown to be, and there is nothing to press meanwhile', async ({ page }) => {
  test.skip(!withScript(), 'a browser shows that itself');
  let go = () => {};
  const held = new Promise<void>((done) => { go = done; });
  await page.route('**/actions/imports/upload', async (route) => { await held; await route.continue(); });
  await page.goto('/characters/import');
  await page.getByLabel(/choose it/i).setInputFiles({ name: 'slow.json', mimeType: 'application/json', buffer: Buffer.from('{"name": "Slow"}') });
  await expect(page.getByRole('main').getByRole('status')).toContainText(/slow\.json/);
  await expect(page.getByRole('button', { name: /look at it|import it/i })).toHaveCount(0);
  go();
  await expect(heading(page)).toHaveText('What would come');
  await page.getByRole('button', { name: 'Discard' }).click();
});

test('a picture without a file can be neither downloaded, approved nor posted', async ({ page }) => {
  const run = withScript() ? 'a' : 'b';
  const content = [{ id: `blank-${run}`, caption: `Blank ${run}`, imageUrl: 'https://example.org/blank.png', status: 'pending' }];
  await send(page, 'blank.json', Buffer.from(JSON.stringify({ content })));
  await expect(page.locator('#of-pictures')).toContainText('It comes without a picture file');
  await page.getByRole('button', { name: 'Import it' }).click();
  await expect(heading(page)).toHaveText('Imported');
  await page.goto('/content');
  const tile = page.locator('.picture', { has: page.getByTitle(`Blank ${run}`) });
  await expect(tile.getByText('No picture file')).toBeVisible();
  await isForEveryone(page);
  await page.goto(`/content/blank-${run}`);
  await expect(page.getByRole('main').getByText('No picture file')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Download' })).toHaveCount(0);
  await expect(page.getByRole('button', { name: /approve|send to review|post to/i })).toHaveCount(0);
  await isForEveryone(page);
  await page.getByRole('button', { name: 'Back to draft' }).click();
  await expect(page.getByText('It is a draft again.')).toBeVisible();
});

test('what is no import is refused with a word', async ({ page }) => {
  await send(page, 'notes.json', Buffer.from('hello'));
  await expect(page.getByRole('alert')).toContainText('neither a zip nor JSON');
  await send(page, 'broken.json', Buffer.from('[{"name": "Luna"'));
  await expect(page.getByRole('alert')).toContainText('Nothing of “broken.json” can be imported. It breaks off at line 1, column 16');
  await expect(page.getByRole('button', { name: 'Look at it' })).toBeVisible({ visible: !withScript() });
  const gone = await page.goto('/characters/import/gone');
  expect(gone!.status()).toBe(404);
  await expect(heading(page)).toHaveText('This import is over');
});
