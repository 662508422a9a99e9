import { create, expect, test } from './dalla';

test('a first visit leads to every page', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^Good /);
  for (const [link, heading] of [['Characters', 'Characters'], ['Studio', 'Studio'], ['Content', 'Content'], ['Models', 'Models']]) {
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: link, exact: true }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(heading!);
    await expect(page).toHaveTitle(new RegExp(`${heading} · Digital Dalla`));
  }
});

test('a character is created, with a slip first', async ({ page }) => {
  await page.goto('/characters/new');
  await page.getByLabel('Name').fill('   ');
  await page.getByLabel('Personality').fill('dreamy & kind <3');
  await page.getByRole('button', { name: 'Create character' }).click();
  await expect(page.getByRole('alert')).toContainText('Give the character a name.');
  await expect(page.getByLabel('Personality')).toHaveValue('dreamy & kind <3');
  await page.getByLabel('Name').fill('Mira Sol');
  await page.getByRole('button', { name: 'Create character' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Mira Sol');
  await expect(page.getByText('Mira Sol is here.')).toBeVisible();
});

test('every tab saves what is typed', async ({ page }) => {
  const path = await create(page, 'Nova');
  await page.getByLabel('Instagram handle').fill('not a handle');
  await page.getByRole('button', { name: 'Save profile' }).click();
  await expect(page.locator('.field.wrong')).toContainText('An Instagram handle has at most 30');
  await expect(page.getByLabel('Instagram handle')).toHaveValue('not a handle');
  await page.getByLabel('Instagram handle').fill('@nova.stars');
  await page.getByRole('button', { name: 'Save profile' }).click();
  await expect(page.getByText('Profile saved.')).toBeVisible();
  await expect(page.getByLabel('Instagram handle')).toHaveValue('nova.stars');

  await page.getByRole('link', { name: 'Voice' }).click();
  await page.getByLabel('Backstory').fill('\nBorn under a comet.');
  await page.getByRole('button', { name: 'Save voice' }).click();
  await expect(page.getByText('Voice saved.')).toBeVisible();
  await expect(page.getByLabel('Backstory')).toHaveValue('\nBorn under a comet.');

  await page.getByRole('link', { name: 'Look & LoRA' }).click();
  await page.getByLabel('Model', { exact: true }).selectOption('dreamshaper_8.safetensors');
  await page.getByLabel('LoRA', { exact: true }).first().selectOption('luna.safetensors');
  await page.getByLabel('Strength').first().fill('0,7');
  await page.getByLabel('Style').fill('film');
  await page.getByRole('button', { name: 'Save look' }).click();
  await expect(page.getByText('Look saved.')).toBeVisible();
  await expect(page.getByLabel('Strength').first()).toHaveValue('0.7');
  await expect(page.locator('.prompt-parts .style')).toHaveText('film');

  await page.getByRole('link', { name: 'Accounts' }).click();
  await page.getByLabel('Access token', { exact: true }).first().fill('EAABsbCS1iHgBAkx9Qd');
  await page.getByRole('button', { name: 'Save accounts' }).click();
  await expect(page.getByText('••••x9Qd')).toBeVisible();
  expect(await page.content()).not.toContain('EAABsbCS1iHgBAkx9Qd');
  expect(path).toContain('/characters/');
});

test('story arcs are checked, drawn and removed', async ({ page }) => {
  const path = await create(page, 'Vera');
  await page.goto(`${path}/story`);
  await page.getByRole('link', { name: 'Write the first arc' }).click();
  await page.getByLabel('Title').fill('The Long Winter');
  await page.getByLabel('First day').fill('2026-12-01');
  await page.getByLabel('Last day').fill('2026-11-01');
  await page.getByRole('button', { name: 'Save story arc' }).click();
  await expect(page.getByRole('alert')).toContainText('The arc ends before it starts');
  await expect(page.getByLabel('Title')).toHaveValue('The Long Winter');
  await page.getByLabel('Last day').fill('2027-02-01');
  await page.getByRole('button', { name: 'Save story arc' }).click();
  await expect(page.locator('.timeline svg')).toContainText('The Long Winter');
  await page.getByRole('button', { name: 'Remove The Long Winter' }).click();
  await expect(page.getByText('No story yet')).toBeVisible();
});

test('names are text, whatever they hold', async ({ page }) => {
  const name = '<script>alert(1)</script> & "quotes" 🦊';
  const path = await create(page, name);
  for (const address of ['/', '/characters', '/studio', '/content', path, `${path}/story`, `${path}/delete`]) {
    await page.goto(address);
    await expect(page.getByText(name).or(page.locator('option', { hasText: name })).first()).toBeAttached();
  }
});

test('deleting a character says what goes with her', async ({ page }) => {
  const path = await create(page, 'Short-lived');
  await page.getByRole('link', { name: 'Delete…' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Delete Short-lived?');
  await expect(page.getByText('the keys of her accounts')).toBeVisible();
  await page.getByRole('button', { name: 'Delete Short-lived' }).click();
  await expect(page.getByText('Short-lived is deleted.')).toBeVisible();
  expect((await page.goto(path))!.status()).toBe(404);
});

test('the theme is remembered', async ({ page }) => {
  await page.goto('/models');
  await page.locator('form.theme').getByText('Dark').click();
  const set = page.locator('form.theme').getByRole('button', { name: 'Set' });
  if (await set.isVisible()) await set.click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.goto('/characters');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});
