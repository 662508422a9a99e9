import { expect, finished, generate, here, isDrawn, picture, test, withScript } from './dalla';

test('a picture is made before the eyes, and how it was made is kept', async ({ page }) => {
  const prompt = `walking along a lake at dawn, ${withScript() ? 'with' : 'without'} script`;
  // As many steps as the character has: there is something to watch.
  await generate(page, prompt, { who: 'Luna the Mystic', steps: '' });
  if (withScript()) {
    await page.evaluate(() => Object.assign(window, { stayed: true }));
    const bar = () => page.evaluate(() => Number(document.querySelector('.stage progress')?.getAttribute('value') ?? 0));
    await expect.poll(bar, { intervals: [50] }).toBeGreaterThan(0);
    const before = await bar();
    await expect.poll(bar, { intervals: [50] }).toBeGreaterThan(before);
    await expect(page.locator('.stage img')).toHaveAttribute('src', /preview/);
    await expect.poll(() => isDrawn(page.locator('.stage img'))).toBe(true);
  }
  await finished(page);
  await expect(page.locator('.stage img')).toHaveAttribute('src', /\/media\//);
  await expect.poll(() => isDrawn(page.locator('.stage img'))).toBe(true);
  if (withScript()) expect(await page.evaluate(() => 'stayed' in window), 'the page was not loaded again').toBe(true);

  await page.getByRole('link', { name: 'How it was made' }).click();
  await expect(page.locator('.seed .mono')).toHaveText(/^\d+$/);
  await expect(page.locator('.facts')).toContainText('dreamshaper_8.safetensors');
  await expect(page.locator('.facts')).toContainText('luna.safetensors at 0.8');
  await expect(page.locator('.prompt-parts .base')).toContainText('silver hair');
  await expect(page.locator('.prompt-parts .arc')).toContainText('map of crystals');
  await expect(page.locator('.prompt-parts .request')).toHaveText(prompt);
  await expect(page.locator('.prompt-parts .mood')).toHaveText('serene');
  const content = here(page);

  await page.goto('/content');
  await page.locator(`.pictures a[href="${content}"]`).click();
  await page.getByLabel('Caption', { exact: true }).fill('Dawn, again.');
  await page.getByLabel('Alt text').fill('A lake in the morning');
  await page.getByRole('button', { name: 'Save words' }).click();
  await expect(page.getByText('Saved.')).toBeVisible();
  await page.reload();
  await expect(page.getByLabel('Caption', { exact: true })).toHaveValue('Dawn, again.');
  await expect(page.getByRole('img', { name: 'A lake in the morning' })).toBeVisible();
});

test('a picture is made again with its seed, and remixed with a new one', async ({ page }) => {
  const content = await picture(page, 'a lamp on a table');
  const seed = await page.locator('.seed .mono').innerText();
  const job = await page.locator('.facts a[href*="job="]').getAttribute('href');

  await page.getByRole('link', { name: 'Remix' }).click();
  await expect(page.getByLabel('What happens in the picture')).toHaveValue('a lamp on a table');
  await expect(page.getByLabel('Steps')).toHaveValue('4');
  await expect(page.getByLabel('Seed')).toHaveValue('');
  await expect(page.getByRole('radio', { name: 'Usual' })).toBeChecked();
  await expect(page.getByLabel('Width')).toHaveValue('');

  await page.goto(content);
  await page.getByRole('button', { name: 'Make again' }).click();
  await page.waitForURL(/job=/);
  expect(here(page)).not.toBe(job);
  await finished(page);
  await page.getByRole('link', { name: 'How it was made' }).click();
  await expect(page.locator('.seed .mono')).toHaveText(seed);
  expect(here(page)).not.toBe(content);
});

test('the prompt is shown by its parts before anything is sent', async ({ page }) => {
  await page.goto('/studio');
  await page.getByRole('main').getByLabel('Character', { exact: true }).selectOption({ label: 'Cortex' });
  await page.getByLabel('What happens in the picture').fill('reading under a lamp');
  if (!withScript()) await page.getByRole('button', { name: 'Show the prompt' }).click();
  await expect(page.locator('#prompt-preview .prompt-parts .request')).toHaveText('reading under a lamp');
  await expect(page.locator('#prompt-preview')).toContainText('sd_xl_base_1.0.safetensors');
  await expect(page.getByLabel('What happens in the picture')).toHaveValue('reading under a lamp');
});

test('a slip in the Studio is said beside its field', async ({ page }) => {
  await page.goto('/studio');
  await page.getByText('Advanced').click();
  await page.getByLabel('Width').fill('wide');
  await page.getByLabel('Steps').fill('200');
  await page.getByLabel('What happens in the picture').fill('kept');
  await page.getByRole('button', { name: /^Generate/ }).click();
  await expect(page.getByRole('alert')).toContainText('wide is not a number that fits here.');
  await expect(page.getByRole('alert')).toContainText('Use 1 to 150 steps.');
  await expect(page.locator('.field.wrong').getByLabel('Width')).toBeVisible();
  await expect(page.locator('.field.wrong').getByLabel('Steps')).toBeVisible();
  await expect(page.getByLabel('Width')).toHaveValue('wide');
  await expect(page.getByLabel('What happens in the picture')).toHaveValue('kept');
});

test('a batch is cancelled', async ({ page }) => {
  await generate(page, 'one of eight', { many: 8, steps: '20' });
  await expect(page.locator('#strip li')).toHaveCount(8);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.locator('.stage')).toContainText('Cancelled');
  await expect(page.getByRole('button', { name: 'Try again' })).toBeVisible();
  await page.goto('/');
  await expect(page.locator('#today-running')).toContainText('No picture is being made.');
});

test('the library is filtered by character and by words', async ({ page }) => {
  const word = `bicycle${withScript() ? 'one' : 'two'}`;
  const hers = await picture(page, `a red ${word}`, 'Luna the Mystic');
  const his = await picture(page, `a blue ${word}`, 'Cortex');
  const tile = (address: string) => page.locator(`.pictures a[href="${address}"]`);
  await page.goto('/content');
  await expect(tile(hers)).toBeVisible();
  await expect(tile(his)).toBeVisible();

  await page.getByRole('search').getByLabel('Character').selectOption({ label: 'Luna the Mystic' });
  if (!withScript()) await page.getByRole('button', { name: 'Filter' }).click();
  await expect(tile(his)).toHaveCount(0);
  await expect(tile(hers)).toBeVisible();
  await page.getByLabel('Words').fill(word);
  await page.getByRole('button', { name: 'Filter' }).click();
  await expect(page.locator('.pictures li')).toHaveCount(1);
  await expect(tile(hers)).toBeVisible();

  await page.getByRole('link', { name: 'Take off the filter Luna the Mystic' }).click();
  await expect(page.locator('.pictures li')).toHaveCount(2);
  await expect(page.getByLabel('Words')).toHaveValue(word);
  await page.getByRole('link', { name: `Take off the filter “${word}”` }).click();
  await expect(page).toHaveURL(/\/content$/);
  await expect(page.locator('.chips')).toHaveCount(0);

  await page.getByLabel('Words').fill('nothing-like-this');
  await page.getByRole('button', { name: 'Filter' }).click();
  await expect(page.getByText('Nothing fits')).toBeVisible();
  await page.getByRole('link', { name: 'Show all' }).click();
  await expect(tile(hers)).toBeVisible();
});

test('a picture is deleted after a question', async ({ page }) => {
  const content = await picture(page, 'soon gone');
  await page.getByRole('link', { name: 'Delete…' }).click();
  await expect(page.getByText('The picture, its words and everything about how it was made go.')).toBeVisible();
  await expect.poll(() => isDrawn(page.locator('main img'))).toBe(true);
  await page.getByRole('link', { name: 'Keep it' }).click();
  await page.getByRole('link', { name: 'Delete…' }).click();
  await page.getByRole('button', { name: 'Delete picture' }).click();
  await expect(page.getByText('Picture deleted.')).toBeVisible();
  await expect(page.locator(`.pictures a[href="${content}"]`)).toHaveCount(0);
  expect((await page.goto(content))!.status()).toBe(404);
});

test('the family of a model is set by hand and kept', async ({ page }) => {
  await page.goto('/models');
  await expect(page.getByRole('row').filter({ hasText: 'dreamshaper_8.safetensors' })).toContainText('SD 1.5');
  await expect(page.getByRole('row').filter({ hasText: 'sd_xl_base_1.0.safetensors' })).toContainText('SDXL');
  const row = page.getByRole('row').filter({ hasText: 'luna_nometa.safetensors' });
  const choose = async (label: string) => {
    await row.getByRole('combobox').selectOption({ label });
    if (!withScript()) await row.getByRole('button', { name: 'Set' }).click();
  };
  await choose('SD 1.5');
  await expect(row).toContainText('set by you');
  await page.reload();
  await expect(row).toContainText('set by you');
  await expect(row.locator('.pill')).toHaveText('SD 1.5');
  await choose('As found');
  await expect(row).toContainText('not known');
});
