import { create, expect, heading, here, test, withScript } from './dalla';

test('the search finds pages, characters and deeds', async ({ page }) => {
  const name = withScript() ? 'Ottilie' : 'Ottokar'; // both runs share a server
  const path = await create(page, name);
  await page.goto('/find');
  await expect(heading(page)).toHaveText('Search');
  await page.getByRole('searchbox').fill(name.toLowerCase());
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(page).toHaveURL(new RegExp(`/find\\?q=${name.toLowerCase()}`));
  await expect(page.locator('#entries li').first()).toContainText(name);
  await expect(page.getByRole('link', { name: `Draw a picture of ${name}` })).toBeVisible();
  await page.locator('#entries li').first().getByRole('link').click();
  await expect(page).toHaveURL(new RegExp(`${path}$`));

  await page.goto('/find?q=pause');
  await page.locator('#entries').getByRole('button', { name: /^Pause everything/ }).click();
  await expect(page.locator('.banner').filter({ hasText: 'PAUSED' })).toBeVisible();
  await page.goto('/find?q=resume+everything');
  await page.locator('#entries').getByRole('button', { name: /^Resume everything/ }).click();
  await expect(page.locator('.banner').filter({ hasText: 'PAUSED' })).toHaveCount(0);

  await page.goto('/find?q=zzzz');
  await expect(page.getByRole('heading', { name: 'Nothing by that name' })).toBeVisible();
});

test('the search is one step away on a phone', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 780 });
  await page.goto('/prompts');
  await page.locator('.topbar').getByRole('link', { name: 'Search' }).click();
  if (!withScript()) return expect(page).toHaveURL(/\/find$/);
  const palette = page.getByRole('dialog', { name: 'Search' });
  await expect(palette.getByRole('option').first()).toBeVisible();
  await palette.getByRole('combobox').fill('new training');
  await palette.getByRole('option').first().tap().catch(() => palette.getByRole('option').first().click());
  await expect(page).toHaveURL(/\/training\/new/);
});

test('the palette is worked by keys alone', async ({ page }) => {
  test.skip(!withScript(), 'it is comfort of the script');
  await create(page, 'Quirina');
  await page.goto('/content');
  const link = page.getByRole('link', { name: 'Models', exact: true });
  await link.focus();
  await page.keyboard.press('Control+k');
  const palette = page.getByRole('dialog', { name: 'Search' });
  const options = palette.getByRole('option');
  await expect(options.first()).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('End');
  await expect(options.last()).toHaveAttribute('aria-selected', 'true');
  await expect(options.last()).toBeInViewport();
  await page.keyboard.press('ArrowDown');
  await expect(options.first()).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Escape');
  await expect(palette).toBeHidden();
  await expect(link).toBeFocused();

  await page.keyboard.press('Control+k');
  await page.keyboard.type('quirina image');
  await expect(options.first()).toContainText('Draw a picture of Quirina');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/studio\?character=/);
  await expect(page.locator('html.js')).toBeAttached();

  await page.keyboard.press('Control+k');
  await expect(options.first()).toContainText('Draw a picture of Quirina'); // what was chosen lately comes first
  await page.keyboard.press('Escape');
  await expect(palette).toBeHidden();
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Keys' })).toContainText('Find a page, a character or something to do');
});

test('a deed of the palette is done where one is', async ({ page }) => {
  test.skip(!withScript(), 'it is comfort of the script');
  await page.goto('/content?state=approved');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('dark theme');
  await page.keyboard.press('Enter');
  await expect(page.locator('html.js')).toHaveAttribute('data-theme', 'dark');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('pause everything');
  await page.keyboard.press('Enter');
  await expect(page.locator('html.js .banner').filter({ hasText: 'PAUSED' })).toBeVisible();
  expect(here(page)).toBe('/content?state=approved');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('resume everything');
  await page.keyboard.press('Enter');
  await expect(page.locator('.banner').filter({ hasText: 'PAUSED' })).toHaveCount(0);
});
