import type { Page } from '@playwright/test';
import { create, expect, finished, heading, here, picture, test, withScript } from './dalla';

/** Waits for something a job brings: by itself with script, on reload without. */
async function arrives(page: Page, words: RegExp) {
  const there = page.getByText(words).first();
  if (withScript()) return expect(there).toBeVisible({ timeout: 30_000 });
  await expect.poll(async () => { await page.reload(); return there.isVisible(); }, { timeout: 30_000, intervals: [300] }).toBe(true);
}

test('many prompts are written, one becomes a picture, some go and come back', async ({ page }) => {
  const name = withScript() ? 'Ida' : 'Ada';
  await create(page, name);
  await page.goto('/prompts');
  await page.getByLabel('Character').last().selectOption({ label: name });
  await page.getByLabel('How many').fill('51');
  await page.getByRole('button', { name: 'Write prompts' }).click();
  await expect(page.getByRole('alert')).toContainText('Ask for 1 to 50 prompts.');
  await expect(page.getByLabel('How many')).toHaveValue('51');
  await page.getByLabel('How many').fill('12');
  await page.getByLabel('About').fill('a week by the sea');
  await page.getByRole('button', { name: 'Write prompts' }).click();
  await page.waitForURL(/job=/);
  await arrives(page, /12 of 12 written/);
  // With script the list fills while it is looked at.
  if (withScript()) await expect(page.locator('#prompts li', { hasText: name })).toHaveCount(12);

  await page.goto('/prompts');
  const ida = page.locator('#prompts li', { hasText: name });
  await expect(ida).toHaveCount(12);
  const text = await ida.first().locator('a').first().innerText();
  await ida.first().getByRole('link', { name: /^Use in Studio/ }).click();
  await expect(page.getByLabel('What happens in the picture')).toHaveValue(text);
  await page.getByText('Advanced').click();
  await page.getByLabel('Steps').fill('4');
  await page.getByRole('button', { name: /^Generate/ }).click();
  await page.waitForURL(/job=/);
  await finished(page);
  await page.goto('/prompts?show=used');
  await expect(page.locator('#prompts li', { hasText: text })).toBeVisible();

  await page.goto('/prompts');
  for (const place of [0, 1, 2]) await ida.nth(place).getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Delete chosen' }).click();
  await expect(page.getByText('3 prompts deleted.')).toBeVisible();
  await expect(ida).toHaveCount(8);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText('3 prompts are back.')).toBeVisible();
  await expect(ida).toHaveCount(11);
  await page.getByPlaceholder('Words in prompt or caption').fill('nothing holds these words');
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(page.getByText('No prompt holds these words.')).toBeVisible();
});

test('captions are written to choose from, and counted as the network counts', async ({ page }) => {
  const content = await picture(page, 'a lantern in the rain');
  await page.getByLabel('Caption', { exact: true }).fill('My own words');
  await page.getByRole('button', { name: 'Save words' }).click();
  await page.getByLabel('For', { exact: true }).selectOption({ label: 'X' });
  await page.getByRole('button', { name: 'Write captions' }).click();
  await page.waitForURL(/words=/);
  await arrives(page, /by Gemini/);
  await expect(page.getByLabel('Caption', { exact: true })).toHaveValue('My own words');
  await expect(page.getByRole('button', { name: /^Use caption/ })).toHaveCount(3);
  const chosen = await page.locator('#written .pre').nth(1).innerText();
  await page.getByRole('button', { name: 'Use caption 2' }).click();
  await expect(page.getByText('The caption is taken.')).toBeVisible();
  expect(here(page).split('#')[0]).toBe(content);
  await expect(page.getByLabel('Caption for X')).toHaveValue(chosen);

  await page.getByLabel('Caption for X').fill('の'.repeat(141));
  if (withScript()) {
    const count = page.locator('.caption-count', { hasText: 'X: 282 of 280, 0 hashtags' });
    await expect(count).toBeVisible();
    await expect(count, 'it stays in its place').toHaveCSS('position', 'static');
  }
  await page.getByRole('button', { name: 'Save words' }).click();
  await expect(page.locator('.field.wrong')).toContainText('X takes 280 characters at most; this has 282.');
  await expect(page.getByLabel('Caption for X')).toHaveValue('の'.repeat(141));
});

test('a key for Gemini is tried when it is set, and never shown', async ({ page }) => {
  await page.goto('/settings');
  await page.locator('#gemini').getByLabel('Key', { exact: true }).fill('wrong-key-12345678');
  await page.locator('#gemini').getByRole('button', { name: 'Save and test' }).click();
  await expect(page.getByRole('alert')).toContainText('Gemini refuses the key');
  expect(await page.content()).not.toContain('wrong-key-12345678');
  await page.goto('/system');
  await expect(page.locator('#status li', { hasText: 'Gemini' })).toContainText('Does not work');
  await page.goto('/settings');
  await page.getByLabel('Forget the stored key').check();
  await page.locator('#gemini').getByRole('button', { name: 'Save and test' }).click();
  await expect(page.getByText('Saved, and Gemini answers.')).toBeVisible();
});

test('an arc has scenes of single days, and the page says what would be written', async ({ page }) => {
  const path = await create(page, 'Oda');
  await page.goto(`${path}/story?new=1`);
  const day = new Date().toISOString().slice(0, 10);
  await page.getByLabel('Title').fill('One day');
  await page.getByLabel('First day').fill(day);
  await page.getByLabel('Last day').fill(day);
  await page.getByText('Scenes of single days').click();
  await page.getByLabel('Scene 1', { exact: true }).fill('She opens the last letter');
  await page.getByRole('button', { name: 'Save story arc' }).click();
  await expect(page.getByText('Say on which day this happens').first()).toBeVisible();
  await page.getByLabel('Day of scene 1').fill(day);
  await page.getByRole('button', { name: 'Save story arc' }).click();
  await expect(page.getByText('Story arc saved.')).toBeVisible();
  await expect(page.locator('#told')).toContainText('Today: She opens the last letter');
  await expect(heading(page)).toHaveText('Oda');
});

test('templates can be changed, and a slip is named by its line', async ({ page }) => {
  await page.goto('/prompts/templates');
  const before = await page.getByLabel('For captions, one a line').inputValue();
  await page.getByLabel('For captions, one a line').fill('{request}!\n{reqest}');
  await page.getByRole('button', { name: 'Save templates' }).click();
  await expect(page.locator('.field.wrong')).toContainText('Line 2: There is no {reqest}.');
  await page.getByRole('button', { name: 'Back to those it came with' }).click();
  await expect(page.getByLabel('For captions, one a line')).toHaveValue(before);
});
