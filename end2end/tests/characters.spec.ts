import { create, expect, heading, picture, test, withScript } from './dalla';

test('a first visit leads to every page', async ({ page }) => {
  await page.goto('/');
  await expect(heading(page)).toHaveText(/^Good (morning|afternoon|evening)$/);
  for (const link of ['Characters', 'Studio', 'Content', 'Models']) {
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: link, exact: true }).click();
    await expect(page).toHaveTitle(`${link} · Digital Dalla`);
    await expect(heading(page)).toHaveText(link);
  }
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Today' }).click();
  await expect(page).toHaveTitle(/^Good .* · Digital Dalla$/);
});

test('a page that is not there says so', async ({ page }) => {
  for (const address of ['/nowhere', '/characters/nobody', '/content/nothing']) {
    expect((await page.goto(address))!.status(), address).toBe(404);
    await expect(page, address).toHaveTitle('Not found · Digital Dalla');
    await expect.soft(heading(page), `${address} has one h1`).toHaveCount(1, { timeout: 1_000 });
    await expect(page.getByRole('link', { name: 'Go to Today' })).toBeVisible();
  }
});

test('a character is created, with a slip first', async ({ page }) => {
  await page.goto('/characters/new');
  await page.getByLabel('Personality').fill('dreamy & kind <3');
  if (withScript()) await page.locator('main form').evaluate((form) => ((form as HTMLFormElement).noValidate = true));
  else await page.getByLabel('Name').fill(' ');
  await page.getByRole('button', { name: 'Create character' }).click();

  await expect(page.getByRole('alert')).toContainText('Give the character a name.');
  await expect(page.getByLabel('Name')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Name')).toHaveAccessibleDescription(/Give the character a name\./);
  await expect(page.locator('.field.wrong')).toContainText('Give the character a name.');
  await expect(page.getByLabel('Personality')).toHaveValue('dreamy & kind <3');
  if (withScript()) await expect(page.getByRole('alert')).toBeFocused();

  await page.getByLabel('Name').fill('Mira Sol');
  await page.getByRole('button', { name: 'Create character' }).click();
  await expect(heading(page)).toHaveText('Mira Sol');
  await expect(page.getByText('Mira Sol is here.')).toBeVisible();
  await page.reload();
  await expect(page.getByText('Mira Sol is here.')).toHaveCount(0);
  await page.getByRole('link', { name: 'Voice' }).click();
  await expect(page.getByLabel('Personality')).toHaveValue('dreamy & kind <3');
});

test('the profile is checked and saved', async ({ page }) => {
  await create(page, 'Nova');
  await page.getByLabel('Instagram handle').fill('not a handle');
  await page.getByLabel('X handle').fill('nova_x');
  await page.getByRole('button', { name: 'Save profile' }).click();
  await expect(page.locator('.field.wrong')).toContainText('Instagram handle');
  await expect(page.locator('.field.wrong')).toContainText('at most 30');
  await expect(page.getByLabel('Instagram handle')).toHaveValue('not a handle');
  await expect(page.getByLabel('X handle')).toHaveValue('nova_x');

  await page.getByLabel('Name', { exact: true }).fill('Nova Stella');
  await page.getByLabel('Instagram handle').fill('@nova.stars');
  await page.getByLabel('Time zone').fill('Europe/Rome');
  await page.getByLabel(/^Active/).uncheck();
  await page.getByRole('button', { name: 'Save profile' }).click();
  await expect(page.getByText('Profile saved.')).toBeVisible();
  await page.reload();
  await expect(heading(page)).toHaveText('Nova Stella');
  await expect(page.getByText('Resting')).toBeVisible();
  await expect(page.getByLabel('Instagram handle')).toHaveValue('nova.stars');
  await expect(page.getByLabel('X handle')).toHaveValue('nova_x');
  await expect(page.getByLabel('Time zone')).toHaveValue('Europe/Rome');
  await expect(page.getByLabel(/^Active/)).not.toBeChecked();
});

test('the voice is saved as it is typed', async ({ page }) => {
  await page.goto(`${await create(page, 'Nell')}/voice`);
  const backstory = '\nBorn under a comet.\n\n</textarea> "and" <b>more</b>';
  await page.getByLabel('Personality').fill('warm, short sentences');
  await page.getByLabel('Backstory').fill(backstory);
  await page.getByRole('button', { name: 'Save voice' }).click();
  await expect(page.getByText('Voice saved.')).toBeVisible();
  await page.reload();
  await expect(page.getByLabel('Personality')).toHaveValue('warm, short sentences');
  await expect(page.getByLabel('Backstory')).toHaveValue(backstory);
});

test('the look is checked and saved', async ({ page }) => {
  await page.goto(`${await create(page, 'Nina')}/look`);
  await page.getByLabel('Model', { exact: true }).selectOption('dreamshaper_8.safetensors');
  await page.getByLabel('LoRA', { exact: true }).first().selectOption('luna.safetensors');
  await page.getByLabel('Strength').first().fill('9');
  await page.getByLabel('Style').fill('film');
  await page.getByRole('button', { name: 'Save look' }).click();
  await expect(page.locator('.field.wrong')).toContainText('between -2 and 2');
  await expect(page.getByLabel('Style')).toHaveValue('film');
  await expect(page.getByLabel('LoRA', { exact: true }).first()).toHaveValue('luna.safetensors');

  await page.getByLabel('Strength').first().fill('0,7');
  await page.getByLabel('Trigger word').fill('nina_person');
  await page.getByLabel('Negative prompt').fill('blurry');
  await page.getByLabel('Mood').fill('calm');
  const width = page.getByLabel('Width');
  if (!(await width.isVisible())) await page.getByText('Size and steps').click();
  await width.fill('640');
  await page.getByRole('button', { name: 'Save look' }).click();
  await expect(page.getByText('Look saved.')).toBeVisible();
  await page.reload();
  await expect(page.getByLabel('Model', { exact: true })).toHaveValue('dreamshaper_8.safetensors');
  await expect(page.getByLabel('LoRA', { exact: true }).first()).toHaveValue('luna.safetensors');
  await expect(page.getByLabel('Strength').first()).toHaveValue('0.7');
  await expect(page.getByLabel('Trigger word')).toHaveValue('nina_person');
  await expect(page.getByLabel('Base prompt')).toHaveValue('portrait of a woman by a window');
  await expect(page.getByLabel('Negative prompt')).toHaveValue('blurry');
  await expect(page.getByLabel('Mood')).toHaveValue('calm');
  await expect(width).toHaveValue('640');
  await expect(page.locator('.prompt-parts .style')).toHaveText('film');
});

test('story arcs are checked, drawn, changed and removed', async ({ page }) => {
  const path = await create(page, 'Vera');
  await page.goto(`${path}/story`);
  await page.getByRole('link', { name: 'Write the first arc' }).click();
  await page.getByLabel('Title').fill('The Long Winter');
  await page.getByLabel('What happens').fill('Snow & silence.');
  await page.getByLabel('First day').fill('2026-12-01');
  await page.getByLabel('Last day').fill('2026-11-01');
  await page.getByRole('button', { name: 'Save story arc' }).click();
  await expect(page.getByRole('alert')).toContainText('The arc ends before it starts');
  await expect(page.locator('.field.wrong').getByLabel('Last day')).toHaveValue('2026-11-01');
  await expect(page.getByLabel('Title')).toHaveValue('The Long Winter');
  await expect(page.getByLabel('What happens')).toHaveValue('Snow & silence.');
  await expect(page.getByLabel('First day')).toHaveValue('2026-12-01');

  await page.getByLabel('Last day').fill('2027-02-01');
  await page.getByRole('button', { name: 'Save story arc' }).click();
  await expect(page.getByText('Story arc saved.')).toBeVisible();
  await page.reload();
  await expect(page.locator('.timeline svg')).toContainText('The Long Winter');
  await page.getByRole('link', { name: 'Edit The Long Winter' }).click();
  await expect(page.getByLabel('What happens')).toHaveValue('Snow & silence.');
  await page.getByLabel('Title').fill('The Short Winter');
  await page.getByRole('button', { name: 'Save story arc' }).click();
  await expect(page.getByRole('listitem').getByText('The Short Winter')).toBeVisible();
  await expect(page.getByText('The Long Winter')).toHaveCount(0);
  await page.getByRole('button', { name: 'Remove The Short Winter' }).click();
  await expect(page.getByText('No story yet')).toBeVisible();
});

test('a key is sealed: only its last four characters are ever shown', async ({ page }) => {
  const key = 'EAABsbCS1iHgBAkx9Qd';
  await page.goto(`${await create(page, 'Sealed')}/accounts`);
  await page.getByLabel('Account id').first().fill('not a number');
  await page.getByLabel('Access token', { exact: true }).first().fill(key);
  await page.getByRole('button', { name: 'Save accounts' }).click();
  await expect(page.locator('.field.wrong')).toContainText('An account id is a number');
  expect(await page.content()).not.toContain(key);

  await page.getByLabel('Account id').first().fill('17841400000000000');
  await page.getByLabel('Access token', { exact: true }).first().fill(key);
  await page.getByRole('button', { name: 'Save accounts' }).click();
  await expect(page.getByText('Accounts saved.')).toBeVisible();
  expect(await page.content()).not.toContain(key);
  const source = await (await page.reload())!.text();
  expect(source).not.toContain(key);
  expect(source).toContain('••••x9Qd');
  await expect(page.getByText('••••x9Qd')).toBeVisible();
  await expect(page.getByLabel('Account id').first()).toHaveValue('17841400000000000');
  await expect(page.getByLabel('Access token', { exact: true }).first()).toHaveValue('');

  // Saving again without typing the key keeps it.
  await page.getByRole('button', { name: 'Save accounts' }).click();
  await expect(page.getByText('••••x9Qd')).toBeVisible();
  await page.getByRole('listitem').filter({ hasText: 'Instagram access token' }).getByRole('button', { name: 'Remove' }).click();
  await expect(page.getByText('Key removed.')).toBeVisible();
  await expect(page.getByText('••••x9Qd')).toHaveCount(0);
});

test('names are text, whatever they hold', async ({ page }) => {
  const name = `<script>alert(1)</script> & "quotes" '🦊'`;
  const prompt = '"><img src=x onerror=alert(2)> & </title>';
  const path = await create(page, name);
  await expect(page.getByText(`${name} is here.`)).toBeVisible();
  await expect(page).toHaveTitle(`${name} · Digital Dalla`);
  await page.goto(`${path}/look`);
  await page.getByLabel('Model', { exact: true }).selectOption('dreamshaper_8.safetensors');
  await page.getByRole('button', { name: 'Save look' }).click();
  await expect(page.getByText('Look saved.')).toBeVisible();
  await page.goto(`${path}/story?new=1`);
  await page.getByLabel('Title').fill(name);
  await page.getByLabel('First day').fill('2020-01-01');
  await page.getByLabel('Last day').fill('2090-01-01');
  await page.getByRole('button', { name: 'Save story arc' }).click();
  await expect(page.getByRole('listitem').getByText(name)).toBeVisible();
  const content = await picture(page, prompt, name);
  await expect(heading(page)).toHaveText(name);
  await expect(page.locator('.facts')).toContainText(prompt);
  await page.getByLabel('Caption', { exact: true }).fill(name);
  await page.getByRole('button', { name: 'Save words' }).click();
  await expect(page.getByLabel('Caption', { exact: true })).toHaveValue(name);

  const search = `/content?q=${encodeURIComponent(prompt)}`;
  for (const address of ['/', '/characters', '/studio', '/content', search, '/models', path, `${path}/voice`, `${path}/story`, `${path}/accounts`, `${path}/delete`, content, `${content}/delete`]) {
    await page.goto(address);
    const shown = page.getByText(name).or(page.locator('option', { hasText: name }));
    await expect(shown.first(), address).toBeAttached();
    expect(await page.evaluate(() => [...document.scripts].filter((script) => script.text.includes('alert(')).length), address).toBe(0);
    await expect(page.locator('img[onerror]'), address).toHaveCount(0);
  }
  await page.goto(search);
  await expect(page.getByRole('searchbox')).toHaveValue(prompt);
  await expect(page.locator('.chips')).toContainText('"><img src=x onerror=alert(2)>'); // a chip cuts long words
  if (withScript()) {
    await page.keyboard.press('Control+k');
    await page.locator('#palette input').fill('quotes');
    await expect(page.locator('#palette').getByRole('option', { name }).first()).toBeVisible();
  }
});

test('deleting a character says what goes along', async ({ page }) => {
  const path = await create(page, 'Short-lived');
  const content = await picture(page, 'not for long', 'Short-lived');
  await page.goto(path);
  await page.getByRole('link', { name: 'Delete…' }).click();
  await expect(heading(page)).toHaveText('Delete Short-lived?');
  await expect(page.getByText('profile, voice, look and 0 story arcs')).toBeVisible();
  await expect(page.getByText('the keys of the accounts')).toBeVisible();
  await page.getByRole('link', { name: 'Keep' }).click();
  await expect(heading(page)).toHaveText('Short-lived');
  await page.getByRole('link', { name: 'Delete…' }).click();
  await page.getByLabel('Delete the 1 picture too.').check();
  await page.getByRole('button', { name: 'Delete Short-lived' }).click();
  await expect(page.getByText('Short-lived is deleted.')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Short-lived' })).toHaveCount(0);
  expect((await page.goto(path))!.status()).toBe(404);
  expect((await page.goto(content))!.status()).toBe(404);
});

test('the theme is remembered', async ({ page }) => {
  await page.goto('/characters');
  await expect(page.locator('html')).not.toHaveAttribute('data-theme');
  for (const theme of ['Dark', 'Light']) {
    await page.locator('form.theme').getByText(theme).click();
    if (!withScript()) await page.locator('form.theme').getByRole('button', { name: 'Set' }).click();
    await expect(page.locator('html')).toHaveAttribute('data-theme', theme.toLowerCase());
    await page.reload();
    await expect(page.locator('html')).toHaveAttribute('data-theme', theme.toLowerCase());
    await expect(page.locator('form.theme').getByRole('radio', { name: theme })).toBeChecked();
  }
});
