import { PASSWORD, createOrganization, expect, signUp, test, unique } from '../fixtures/test';

test('signing up by the form leads to the first organization', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('link', { name: 'Sign up' }).first().click();
  await expect(page).toHaveTitle('Sign up · Candor');
  await page.getByLabel('Name').fill('Ana Lindqvist');
  await page.getByLabel('Email').fill(`${unique('ana')}@example.com`);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page).toHaveURL('/dashboard/new');
  await expect(page.getByRole('heading', { name: 'Create your organization' })).toBeVisible();
});

test('a sign-up that cannot be says why next to each field and keeps what was typed', async ({ page, allowErrors }) => {
  allowErrors(/status of 422/);
  const taken = await signUp(page);
  await page.context().clearCookies();
  await page.goto('/sign-up');
  await page.getByLabel('Name').fill('Somebody Else');
  await page.getByLabel('Email').fill(taken.email.toUpperCase());
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByLabel('Email')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Email')).toHaveAccessibleDescription(/already/);
  await expect(page.getByLabel('Email')).toHaveValue(taken.email.toUpperCase());
  await expect(page.getByLabel('Name')).toHaveValue('Somebody Else');
  await expect(page.getByLabel('Password')).toHaveValue('');
});

test('a wrong password and an unknown address get one answer, and the address stays', async ({ page, allowErrors }) => {
  allowErrors(/status of 422/);
  const person = await signUp(page);
  await page.context().clearCookies();
  const answers: string[] = [];
  for (const email of [person.email, `${unique('nobody')}@example.com`]) {
    await page.goto('/sign-in');
    await page.getByLabel('Email').fill(email);
    await page.getByLabel('Password').fill('not the password at all');
    await page.getByRole('button', { name: 'Sign in' }).click();
    const password = page.getByLabel('Password');
    await expect(password).toHaveAttribute('aria-invalid', 'true');
    await expect(password).toHaveAccessibleDescription(/Wrong email or password/);
    await expect(password).toHaveValue('');
    await expect(page.getByLabel('Email')).toHaveValue(email);
    answers.push(await page.locator('#field-password-error').innerText());
  }
  expect(answers[0]).toBe(answers[1]);
});

test('signing in leads to the last used organization', async ({ page }) => {
  const person = await signUp(page);
  const organization = await createOrganization(page);
  await page.context().clearCookies();
  await page.goto('/');
  await page.getByRole('link', { name: 'Sign in' }).click();
  await page.getByLabel('Email').fill(person.email);
  await page.getByLabel('Password').fill(person.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(organization.dashboard);
  await expect(page.getByRole('heading', { name: 'Overview' })).toBeVisible();
});

test('whoever was on the way to a screen arrives there', async ({ page, allowErrors }) => {
  allowErrors(/status of 422/);
  const person = await signUp(page);
  const organization = await createOrganization(page);
  await page.context().clearCookies();
  await page.goto(`${organization.dashboard}/services`);
  await expect(page).toHaveURL(`/sign-in?next=${organization.dashboard}/services`);
  await page.getByLabel('Email').fill(person.email);
  await page.getByLabel('Password').fill('a slip of the finger');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByLabel('Password').fill(person.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(`${organization.dashboard}/services`);
  await expect(page.getByRole('heading', { name: 'Services', exact: true })).toBeVisible();
});

test('no address makes sign-in lead to another site', { tag: '@once' }, async ({ page, candor }) => {
  const person = await signUp(page);
  await createOrganization(page);
  for (const next of ['https://evil.example/', '//evil.example', '/dashboard/..//evil.example', '/\\evil.example']) {
    // Off the dashboard first: it would go on asking without its session.
    await page.goto('about:blank');
    await page.context().clearCookies();
    await page.goto(`/sign-in?next=${encodeURIComponent(next)}`);
    await page.getByLabel('Email').fill(person.email);
    await page.getByLabel('Password').fill(person.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByRole('heading', { name: 'Overview' })).toBeVisible();
    expect(new URL(page.url()).origin).toBe(candor.url);
  }
});

test('signing out ends the session on the server', async ({ page, javaScriptEnabled, newBrowser }) => {
  await signUp(page);
  const organization = await createOrganization(page);
  const cookies = await page.context().cookies();
  await page.goto(organization.dashboard);
  if (javaScriptEnabled === false) {
    await page.getByRole('button', { name: 'Sign out' }).locator('visible=true').click();
  } else {
    await page.locator('html[data-hydrated]').waitFor({ state: 'attached' });
    await page.getByRole('button', { name: /^Account menu/ }).locator('visible=true').click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
  }
  await expect(page).toHaveURL('/sign-in');

  // Who kept the cookie has nothing: the server has forgotten it.
  const thief = await newBrowser();
  await thief.context().addCookies(cookies);
  await thief.goto(organization.dashboard);
  await expect(thief).toHaveURL(/\/sign-in\?next=/);
});
