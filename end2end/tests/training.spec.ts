import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, heading, here, isDrawn, test, withScript } from './dalla';
import { drawing } from './drawing';

const how = () => (withScript() ? 'with script' : 'without script');

/** Makes a dataset of Luna over the API, and answers its id. */
async function dataset(page: Page, name: string): Promise<string> {
  const people = await (await page.request.get('/api/characters')).json();
  const luna = people.find((one: { name: string }) => one.name === 'Luna the Mystic').id;
  const made = await page.request.post('/api/lora/datasets', { data: { characterId: luna, name, triggerWord: 'luna woman' } });
  expect(made.status(), await made.text()).toBe(201);
  const { id } = await made.json();
  for (const seed of [1, 2, 3, 4]) {
    const sent = await page.request.post(`/api/lora/datasets/${id}/images`, { multipart: { files: drawing(`${seed}.png`, seed, 512, 640) } });
    expect(sent.ok(), await sent.text()).toBe(true);
  }
  return id;
}

/** Fills the form of a short training: four steps an epoch. */
async function short(page: Page, id: string, epochs: string): Promise<void> {
  await page.goto(`/training/new?dataset=${id}`);
  await page.getByText('For experts').click();
  await page.getByLabel('Epochs', { exact: false }).first().fill(epochs);
  await page.getByLabel('Repeats').fill('1');
}

/** Waits for words that appear by themselves with script, and on reload without. */
async function comes(page: Page, words: string | RegExp): Promise<void> {
  const there = page.getByText(words).first();
  if (withScript()) return expect(there).toBeVisible({ timeout: 30_000 });
  await expect.poll(async () => { await page.reload(); return there.isVisible(); }, { timeout: 30_000, intervals: [300] }).toBe(true);
}

test('from pictures to a LoRA that her pictures are made with', async ({ page }) => {
  test.setTimeout(120_000);
  const id = await dataset(page, `Luna, ${how()}`);
  await page.goto(`/datasets/${id}`);
  await page.getByRole('link', { name: 'Train a LoRA' }).click();
  await expect(heading(page)).toHaveText('New training');
  const command = page.locator('#command');
  await expect(command).toContainText('train_network.py');
  await expect(command).toContainText('--max_train_epochs 10');

  await short(page, id, '6');
  if (withScript()) await expect(command).toContainText('--max_train_epochs 6');
  else await page.getByRole('button', { name: 'Show the command' }).click();
  await expect(page.locator('#offer')).toContainText('24 in 6 epochs');
  const name = (await command.textContent())!.match(/--output_name (\S+)/)![1]!;
  await page.getByRole('button', { name: 'Start training' }).click();
  await expect(heading(page)).toHaveText(name);
  const path = here(page);

  if (withScript()) {
    await expect(page.locator('.trainer-run .job-step')).toContainText(/^Step \d+ of 24/, { timeout: 30_000 });
    await expect(page.locator('#log pre')).toContainText('running training');
  }
  await comes(page, 'In ComfyUI');
  await expect(page.locator('#run')).toContainText('24 / 24');
  await expect(page.locator('#curve polyline.smoothed')).toHaveAttribute('points', /\d/);
  await page.getByRole('link', { name: 'Log', exact: true }).click();
  await expect(page).toHaveURL(/scale=log/);
  await expect(page.locator('#curve polyline.smoothed')).toHaveAttribute('points', /\d/);
  await expect(page.locator('#log pre')).toContainText('model saved.');
  await expect(page.locator('.samples img')).toHaveCount(12);
  const first = page.locator('.samples img').first();
  await first.scrollIntoViewIfNeeded();
  await expect.poll(() => isDrawn(first)).toBe(true);

  await page.goto(path);
  await page.getByRole('button', { name: 'Compare with what is in use' }).click();
  await expect(page.getByText('Old beside new')).toBeVisible();
  const pairs = page.locator('#compared img');
  if (withScript()) await expect(pairs).toHaveCount(4, { timeout: 30_000 });
  else await expect.poll(async () => { await page.reload(); return pairs.count(); }, { timeout: 30_000, intervals: [400] }).toBe(4);

  await page.getByRole('button', { name: 'Use it for Luna the Mystic' }).click();
  await expect(page.getByText("Luna the Mystic's pictures are made with it from now on.")).toBeVisible();
  await page.getByRole('main').getByRole('link', { name: 'Luna the Mystic' }).click();
  const version = page.locator('#versions li').filter({ hasText: name });
  await expect(version).toContainText('In use');
  await version.getByRole('button', { name: 'Go back' }).click();
  await expect(page.getByText("Luna the Mystic's pictures are made as before.")).toBeVisible();
  await expect(version).toContainText('Not in use');
});

test('a training is stopped, gone on with, repeated and deleted', async ({ page }) => {
  test.setTimeout(120_000);
  const id = await dataset(page, `Stopped, ${how()}`);
  await short(page, id, '60');
  await page.getByRole('button', { name: 'Start training' }).click();
  await expect(page.getByRole('button', { name: 'Stop', exact: true })).toBeVisible();
  // Far enough for a saved state.
  if (withScript()) await expect(page.locator('.trainer-run .job-step')).toContainText(/^Step (1\d|2\d|3\d)/, { timeout: 30_000 });
  else await comes(page, /Step (1\d|2\d|3\d|4\d) of 240/);
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await expect(page.getByText('It stops. What it has saved stays.')).toBeVisible();
  await comes(page, /^Go on from step \d+$/);
  await page.getByRole('button', { name: /^Go on from step/ }).click();
  await expect(page.getByText('It goes on from its saved state.')).toBeVisible();
  await comes(page, /Step \d\d+ of 240/);
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  // Seen before the page is loaded again: a reload would cut off the form that is on its way.
  await expect(page.getByText('It stops. What it has saved stays.')).toBeVisible();
  await comes(page, /^Go on from step \d+$/);

  await page.getByRole('link', { name: 'Train again' }).click();
  await expect(page.getByLabel('Epochs', { exact: false }).first()).toHaveValue('60');
  await expect(page.locator('#offer')).toContainText('240 in 60 epochs');
  await page.goBack();
  await page.getByRole('link', { name: 'Delete' }).click();
  await expect(heading(page)).toHaveText(/^Delete .+\?$/);
  await page.getByRole('button', { name: 'Delete training' }).click();
  await expect(page.getByText('Training deleted.')).toBeVisible();
});

test('a slip in the form is told beside its field, and nothing is lost', async ({ page }) => {
  const id = await dataset(page, `Slips, ${how()}`);
  await short(page, id, 'many');
  await page.getByLabel('Extra arguments').fill('--output_dir /etc');
  await page.getByRole('button', { name: 'Start training' }).click();
  await expect(page.getByRole('alert')).toContainText('many is not a number');
  await expect(page.getByLabel('Epochs', { exact: false }).first()).toHaveValue('many');
  await page.getByLabel('Epochs', { exact: false }).first().fill('2');
  await page.getByRole('button', { name: 'Start training' }).click();
  await expect(page.locator('.field.wrong')).toContainText('--output_dir cannot be given here');
  await expect(page.getByLabel('Extra arguments')).toHaveValue('--output_dir /etc');
});

test('the trainer is set up and tested on the page of settings', async ({ page }) => {
  await page.goto('/settings#training');
  const card = page.locator('#training');
  await expect(card).toContainText('Works');
  const folder = await card.getByLabel('Folder of sd-scripts').inputValue();
  await card.getByLabel('Folder of sd-scripts').fill('/nowhere');
  await card.getByRole('button', { name: 'Save and test' }).click();
  await expect(page.locator('#training .field.wrong')).toContainText('is not there');
  await card.getByLabel('Folder of sd-scripts').fill(folder);
  await card.getByRole('button', { name: 'Save and test' }).click();
  await expect(page.getByText(/^Saved\. The trainer works/)).toBeVisible();
});

test('nobody is kept out of training', async ({ page, context, baseURL }) => {
  test.skip(!withScript(), 'axe is a script itself');
  test.setTimeout(90_000);
  const id = await dataset(page, 'For everyone');
  await short(page, id, '2');
  await page.getByRole('button', { name: 'Start training' }).click();
  await expect(page.getByRole('button', { name: 'Stop', exact: true })).toBeVisible();
  await comes(page, 'In ComfyUI');
  const done = here(page);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  for (const theme of ['light', 'dark']) {
    await context.addCookies([{ name: 'theme', value: theme, url: baseURL! }]);
    for (const address of ['/training', `/training/new?dataset=${id}`, done, `${done}/delete`, '/settings']) {
      await page.goto(address);
      for (const fold of await page.locator('details.fold').all()) await fold.evaluate((node) => ((node as HTMLDetailsElement).open = true));
      const { violations } = await new AxeBuilder({ page }).analyze();
      const serious = violations.filter((one) => one.impact === 'serious' || one.impact === 'critical');
      expect.soft(serious.map((one) => `${one.id}: ${one.nodes.map((node) => node.target).join(', ')}`), `${address} ${theme}`).toEqual([]);
    }
  }
  await page.setViewportSize({ width: 360, height: 800 });
  for (const address of ['/training', `/training/new?dataset=${id}`, done, `${done}?scale=log`]) {
    await page.goto(address);
    const beyond = await page.evaluate(() => document.scrollingElement!.scrollWidth - innerWidth);
    expect.soft(beyond, `${address} is wider than a phone`).toBeLessThanOrEqual(0);
  }
});
