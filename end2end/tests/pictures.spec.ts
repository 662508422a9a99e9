import { expect, finished, generate, test, withScript } from './dalla';

test('a picture is made, seen in the library, and made again', async ({ page }) => {
  await generate(page, 'walking along a lake at dawn', { who: 'Luna the Mystic' });
  if (withScript()) {
    await expect(page.locator('.stage progress')).toHaveAttribute('value', /\d+/);
    await expect(page.locator('.stage img')).toHaveAttribute('src', /preview/);
  }
  await finished(page);
  await page.getByRole('link', { name: 'How it was made' }).click();
  await expect(page.locator('.prompt-parts .request')).toHaveText('walking along a lake at dawn');
  await expect(page.locator('.facts')).toContainText('dreamshaper_8.safetensors');
  const seed = await page.locator('.seed .mono').textContent();

  await page.getByLabel('Caption').fill('Dawn, again.');
  await page.getByRole('button', { name: 'Save words' }).click();
  await expect(page.getByLabel('Caption')).toHaveValue('Dawn, again.');

  await page.getByRole('link', { name: 'Remix' }).click();
  await expect(page.getByLabel('What happens in the picture')).toHaveValue('walking along a lake at dawn');
  await page.goBack();
  await page.getByRole('button', { name: 'Make again' }).click();
  await page.waitForURL(/job=/);
  await finished(page);
  await page.getByRole('link', { name: 'How it was made' }).click();
  await expect(page.locator('.seed .mono')).toHaveText(seed!);
});

test('the prompt is shown by its parts before anything is sent', async ({ page }) => {
  await page.goto('/studio');
  await page.getByLabel('Character', { exact: true }).last().selectOption({ label: 'Cortex' });
  await page.getByLabel('What happens in the picture').fill('reading under a lamp');
  if (!withScript()) await page.getByRole('button', { name: 'Show the prompt' }).click();
  await expect(page.locator('#prompt-preview .prompt-parts .request')).toHaveText('reading under a lamp');
  await expect(page.locator('#prompt-preview')).toContainText('sd_xl_base_1.0.safetensors');
});

test('a slip in the Studio is said beside its field', async ({ page }) => {
  await page.goto('/studio');
  await page.getByText('Advanced').click();
  await page.getByLabel('Width').fill('wide');
  await page.getByLabel('What happens in the picture').fill('kept');
  await page.getByRole('button', { name: /^Generate/ }).click();
  await expect(page.getByRole('alert')).toContainText('wide is not a number that fits here.');
  await expect(page.getByLabel('What happens in the picture')).toHaveValue('kept');
});

test('a batch is cancelled; what is ready stays', async ({ page }) => {
  await generate(page, 'one of eight', { many: 8 });
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.locator('.stage')).toContainText('Cancelled');
  await expect(page.getByRole('button', { name: 'Try again' })).toBeVisible();
});

test('the library is filtered by words and by character', async ({ page }) => {
  await generate(page, 'a red bicycle');
  await finished(page);
  await page.goto('/content');
  await page.getByLabel('Words').fill('bicycle');
  await page.getByRole('button', { name: 'Filter' }).click();
  await expect(page.locator('.pictures .picture').first()).toBeVisible();
  await page.goto('/content?q=nothing-like-this');
  await expect(page.getByText('Nothing fits')).toBeVisible();
  await page.locator('.chips').getByRole('link').click();
  await expect(page).toHaveURL(/\/content$/);
});

test('a picture is deleted after a question', async ({ page }) => {
  await generate(page, 'soon gone');
  await finished(page);
  await page.getByRole('link', { name: 'How it was made' }).click();
  const address = page.url();
  await page.getByRole('link', { name: 'Delete…' }).click();
  await page.getByRole('button', { name: 'Delete picture' }).click();
  await expect(page.getByText('Picture deleted.')).toBeVisible();
  expect((await page.goto(address))!.status()).toBe(404);
});

test('the family of a model is set by hand', async ({ page }) => {
  await page.goto('/models');
  const row = page.getByRole('row').filter({ hasText: 'luna_nometa.safetensors' });
  await row.getByRole('combobox').selectOption({ label: 'SD 1.5' });
  if (!withScript()) await row.getByRole('button', { name: 'Set' }).click();
  await expect(row).toContainText('set by you');
  await row.getByRole('combobox').selectOption({ label: 'As found' });
  if (!withScript()) await row.getByRole('button', { name: 'Set' }).click();
  await expect(row).toContainText('not known');
});
