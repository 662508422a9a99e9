import type { Page } from '@playwright/test';
import { expect, finished, generate, heading, here, isDrawn, test, withScript } from './dalla';
import { type Chosen, drawing, text } from './drawing';

/** Makes a dataset by the form; its page is open then. */
async function make(page: Page, name: string, who = 'Cortex'): Promise<string> {
  await page.goto('/datasets/new');
  await page.getByLabel('Name').fill(name);
  await page.getByRole('main').getByLabel('Character', { exact: true }).selectOption({ label: who });
  await page.getByLabel('Trigger word').fill('ohwx cortex');
  await page.getByRole('button', { name: 'Make dataset' }).click();
  await expect(heading(page)).toHaveText(name);
  return here(page);
}

/** Chooses files: with script they are sent at once. */
async function add(page: Page, files: Chosen[]): Promise<void> {
  await page.locator('#files').setInputFiles(files);
  if (!withScript()) await page.getByRole('button', { name: 'Add', exact: true }).click();
}

const caption = (page: Page, name: string) => page.getByLabel(`Caption of ${name}`);
const pictures = (page: Page) => page.locator('.dataset-image');

/** Writes a caption: with script it is saved when it is left, without by its button. */
async function write(page: Page, name: string, words: string): Promise<void> {
  await caption(page, name).fill(words);
  if (withScript()) {
    await caption(page, name).blur();
    await expect(page.locator('.saved', { hasText: 'Saved' })).toBeVisible();
  } else {
    await pictures(page).filter({ has: caption(page, name) }).getByRole('button', { name: 'Save caption' }).click();
    await expect(page.locator('.toast', { hasText: 'Saved.' })).toBeVisible();
  }
}

/** Waits for something that appears by itself with script, and on reload without. */
async function comes(page: Page, words: RegExp): Promise<void> {
  const there = page.getByText(words).first();
  if (withScript()) return expect(there).toBeVisible({ timeout: 30_000 });
  await expect.poll(async () => { await page.reload(); return there.isVisible(); }, { timeout: 30_000, intervals: [300] }).toBe(true);
}

test('a dataset is gathered, written on, checked and mended', async ({ page }) => {
  test.setTimeout(90_000);
  const path = await make(page, withScript() ? 'Cortex, with script' : 'Cortex, without script');
  await expect(page.getByRole('heading', { name: 'No pictures yet' })).toBeVisible();
  await add(page, [drawing('01.png', 1), drawing('02.png', 2), drawing('03.png', 3, 320, 320), text('01.txt', 'ohwx cortex, in the lab\n'), text('notes.png', 'no picture')]);
  await expect(page.locator('.toast', { hasText: '3 pictures added, 1 caption read.' })).toBeVisible();
  const problem = page.getByRole('alert').filter({ hasText: '1 file was not taken.' });
  await expect(problem).toContainText('notes.png');
  await expect(problem).toContainText('no PNG, JPEG or WebP picture');
  await expect(pictures(page)).toHaveCount(3);
  await expect.poll(() => isDrawn(page.locator('.dataset-image img').first())).toBe(true);
  await expect(caption(page, '01.png')).toHaveValue('ohwx cortex, in the lab');

  await write(page, '02.png', 'on a roof at night');
  await page.reload();
  await expect(caption(page, '02.png')).toHaveValue('on a roof at night');

  // One caption lacks the trigger word; a press puts it there, and another takes it back.
  const checks = page.locator('#checks');
  await expect(checks).toContainText('1 caption does not hold “ohwx cortex”.');
  await checks.getByRole('button', { name: 'Put it first' }).click();
  await expect(page.getByText('1 caption changed.')).toBeVisible();
  await expect(caption(page, '02.png')).toHaveValue('ohwx cortex, on a roof at night');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText('The caption is as it was.')).toBeVisible();
  await expect(caption(page, '02.png')).toHaveValue('on a roof at night');

  // The family says what is small.
  await checks.getByRole('link', { name: 'SD 1.5' }).click();
  await expect(checks).toContainText('1 picture has fewer pixels than 512 × 512');
  await page.getByRole('navigation', { name: 'Which pictures' }).getByRole('link', { name: /^Small/ }).click();
  await expect(pictures(page)).toHaveCount(1);
  await checks.getByRole('button', { name: 'Remove small pictures' }).click();
  await expect(page.getByText('1 picture removed.')).toBeVisible();
  await expect(page.getByText('No picture is like this.')).toBeVisible();
  await page.goto(path);
  await expect(pictures(page)).toHaveCount(2);

  await page.getByText('Find and replace').click();
  await page.getByLabel('Find', { exact: true }).fill('lab');
  await page.getByLabel('Replace with').fill('library');
  await page.getByRole('button', { name: 'Replace', exact: true }).click();
  await expect(caption(page, '01.png')).toHaveValue('ohwx cortex, in the library');

  await page.getByLabel('Pick 02.png').check();
  if (withScript()) await expect(page.locator('[data-picked]')).toHaveText('1 picked');
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(pictures(page)).toHaveCount(1);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText('The picture is back.')).toBeVisible();
  await expect(pictures(page)).toHaveCount(2);

  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Datasets' }).click();
  const card = page.locator('.dataset-card').filter({ hasText: withScript() ? 'with script' : 'without script' });
  await expect(card).toContainText('2 pictures');
  await card.getByRole('link').click();
  await page.getByRole('button', { name: 'Delete dataset' }).click();
  await expect(page.getByText('is deleted.')).toBeVisible();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText('is back.')).toBeVisible();
  await expect(pictures(page)).toHaveCount(2);
  await page.getByRole('button', { name: 'Delete dataset' }).click();
});

test('approved pictures of the library are copied', async ({ page }) => {
  test.setTimeout(90_000);
  const prompt = `for a LoRA, ${withScript() ? 'with' : 'without'} script`;
  await generate(page, prompt);
  await finished(page);
  await page.getByRole('link', { name: 'How it was made' }).click();
  await page.waitForURL(/\/content\//);
  await page.getByRole('button', { name: 'Approve' }).click();
  await expect(page.getByText('Approved.')).toBeVisible();
  await make(page, `Copied ${withScript() ? 'with' : 'without'} script`);
  await page.getByRole('link', { name: 'Add approved pictures' }).click();
  await page.getByLabel(`Pick: ${prompt}`).check();
  await page.getByRole('button', { name: 'Add to dataset' }).click();
  await expect(page.getByText('1 picture added.')).toBeVisible();
  await expect(page.locator('.dataset-image textarea')).toHaveValue(`ohwx cortex, ${prompt}`);
});
