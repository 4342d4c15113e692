import { Candor, freePort } from '../fixtures/candor';
import {
  accounts,
  anotherNonce,
  chooseAccount,
  forgedState,
  startIdentityProvider,
} from '../fixtures/identity-provider.mjs';
import { test as base, PASSWORD, type Page, createOrganization, expect, signUp } from '../fixtures/test';

type Provider = Awaited<ReturnType<typeof startIdentityProvider>>;

const LABEL = 'Example ID';

function settings(provider: Pick<Provider, 'issuer' | 'clientId' | 'clientSecret'>) {
  return {
    OIDC_ISSUER: provider.issuer,
    OIDC_CLIENT_ID: provider.clientId,
    OIDC_CLIENT_SECRET: provider.clientSecret,
    OIDC_LABEL: LABEL,
  };
}

/** Each test has a provider and a server that trusts it, both without any account. */
const test = base.extend<{ provider: Provider; server: Candor }>({
  server: async ({}, use) => {
    const port = await freePort();
    const provider = await startIdentityProvider({ redirectUri: `http://127.0.0.1:${port}/auth/oidc/default/callback` });
    const server = await Candor.start({ port, settings: settings(provider) });
    await use(Object.assign(server, { provider }));
    await server.remove();
    await provider.stop();
  },
  provider: async ({ server }, use) => use((server as Candor & { provider: Provider }).provider),
  baseURL: async ({ server }, use) => use(server.url),
});

const button = (page: Page) => page.getByRole('link', { name: `Continue with ${LABEL}` });
const refusal = (page: Page) => page.getByRole('alert');

async function nobodyIsSignedIn(page: Page) {
  await page.goto('/dashboard');
  await expect(page).toHaveURL(/\/sign-in$/);
}

test('the first sign-in creates the account, the second finds it', async ({ page, newBrowser }) => {
  await page.goto('/sign-in');
  await button(page).click();
  await chooseAccount(page, accounts.verified);
  await expect(page).toHaveURL('/dashboard/new');
  const organization = await createOrganization(page);

  const again = await newBrowser();
  await again.goto(`${organization.dashboard}/services`);
  await expect(again).toHaveURL(/\/sign-in\?next=/);
  await button(again).click();
  await chooseAccount(again, accounts.verified);
  await expect(again).toHaveURL(`${organization.dashboard}/services`);
  await expect(again.getByRole('heading', { name: 'Services', exact: true })).toBeVisible();
});

test('an account with a password is never taken over', async ({ page, newBrowser, allowErrors }) => {
  allowErrors(/status of 4(09|22)/);
  const owner = await signUp(page, { email: accounts.verified.email });
  const somebody = await newBrowser();
  await somebody.goto('/sign-in');
  await button(somebody).click();
  await chooseAccount(somebody, accounts.verified);
  await expect(refusal(somebody)).toContainText(`An account for ${accounts.verified.email} already exists`);
  await expect(refusal(somebody)).toContainText('Sign in with your password');
  await nobodyIsSignedIn(somebody);

  await somebody.getByLabel('Email').fill(owner.email);
  await somebody.getByLabel('Password').fill(owner.password);
  await somebody.getByRole('button', { name: 'Sign in' }).click();
  await expect(somebody).toHaveURL('/dashboard/new');
});

test('an address that the provider has not verified gets no account that is there', { tag: '@once' }, async ({ page, newBrowser, allowErrors }) => {
  allowErrors(/status of 409/);
  await signUp(page, { email: accounts.unverified.email.toUpperCase() });
  const somebody = await newBrowser();
  await somebody.goto('/sign-in');
  await button(somebody).click();
  await chooseAccount(somebody, accounts.unverified);
  await expect(refusal(somebody)).toContainText('An account for');
  await nobodyIsSignedIn(somebody);
});

test('an address that the provider has not verified signs in to an account of its own', { tag: '@once' }, async ({ page }) => {
  await page.goto('/sign-in');
  await button(page).click();
  await chooseAccount(page, accounts.unverified);
  await expect(page).toHaveURL('/dashboard/new');
});

test('a session is confirmed by signing in again at the provider, as the same person', { tag: '@once' }, async ({
  page,
  allowErrors,
}) => {
  allowErrors(/status of 409/);
  await page.goto('/sign-in');
  await button(page).click();
  await chooseAccount(page, accounts.verified);
  await expect(page).toHaveURL('/dashboard/new');

  await page.goto('/account/tokens');
  await expect(page.getByRole('button', { name: 'Create token' })).toHaveCount(0);
  await page.getByRole('link', { name: 'Confirm it’s you' }).click();
  await expect(page.getByRole('heading', { name: 'Confirm it’s you' })).toBeVisible();
  await expect(page.getByLabel('Password')).toHaveCount(0);

  // The provider asks again, although it knows the browser.
  await button(page).click();
  await chooseAccount(page, accounts.unverified);
  await expect(refusal(page)).toContainText('as someone else');
  await button(page).click();
  await chooseAccount(page, accounts.verified);
  await expect(page).toHaveURL('/account/tokens');
  await page.getByLabel('Name').fill('My laptop');
  await page.getByRole('button', { name: 'Create token' }).click();
  await expect(page.getByText('Token “My laptop” created')).toBeVisible();
});

test('another nonce than the one that was sent is refused', { tag: '@once' }, async ({ page, provider, allowErrors }) => {
  allowErrors(/status of 409/);
  provider.mutate(anotherNonce);
  await page.goto('/sign-in');
  await button(page).click();
  await chooseAccount(page, accounts.verified);
  await expect(page).toHaveURL(/\/auth\/oidc\/default\/callback\?/);
  await expect(refusal(page)).toContainText(/Start again|Try again|Contact the server’s administrator/i);
  await nobodyIsSignedIn(page);

  provider.mutate();
  await button(page).click();
  await expect(page).toHaveURL('/dashboard/new');
});

test('a state that nobody sent is refused', { tag: '@once' }, async ({ page, provider, allowErrors }) => {
  allowErrors(/status of 409/);
  provider.mutate(forgedState);
  await page.goto('/sign-in');
  await button(page).click();
  await chooseAccount(page, accounts.verified);
  await expect(refusal(page)).toContainText('wasn’t started in this browser');
  await nobodyIsSignedIn(page);
});

test('an answer to a sign-in of another browser is refused', { tag: '@once' }, async ({ page, newBrowser, allowErrors }) => {
  allowErrors(/status of 409/);
  // Somebody begins to sign in, and sends the last step to somebody else.
  let callback = '';
  await page.route('**/auth/oidc/default/callback?*', (route) => route.abort());
  page.on('request', (request) => {
    if (request.url().includes('/callback?')) {
      callback = request.url();
    }
  });
  await page.goto('/sign-in');
  await button(page).click();
  await page.getByRole('radio', { name: accounts.verified.email }).check();
  await page.getByRole('button', { name: 'Continue' }).click({ noWaitAfter: true });
  await expect.poll(() => callback).toContain('state=');
  const victim = await newBrowser();
  await victim.goto(callback);
  await expect(refusal(victim)).toContainText('wasn’t started in this browser');
  await nobodyIsSignedIn(victim);
});

test('saying no at the provider leads back to where one can choose again', { tag: '@once' }, async ({ page, allowErrors }) => {
  allowErrors(/status of 409/);
  await page.goto('/sign-in');
  await button(page).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(refusal(page)).toContainText('cancelled');
  await expect(page.getByLabel('Email')).toBeVisible();
  await nobodyIsSignedIn(page);
});

base.describe('a provider that is not there', { tag: '@once' }, () => {
  const down = base.extend<{ server: Candor & { issuerPort: number } }>({
    server: async ({}, use) => {
      const issuerPort = await freePort();
      const server = await Candor.start({
        settings: settings({
          issuer: `http://127.0.0.1:${issuerPort}`,
          clientId: 'candor-end2end',
          clientSecret: 'unknown yet',
        }),
      });
      await use(Object.assign(server, { issuerPort }));
      await server.remove();
    },
    baseURL: async ({ server }, use) => use(server.url),
  });

  down('stops nobody, is told, and comes back', async ({ page, server, allowErrors }) => {
    allowErrors(/status of 409/);
    await page.goto('/sign-in');
    await expect(page.getByText(/Sign-in with Example ID isn’t available right now/)).toBeVisible();
    await button(page).click();
    await expect(refusal(page)).toContainText('can’t be reached right now');
    const person = await signUp(page);
    await page.context().clearCookies();
    await page.goto('/sign-in');
    await page.getByLabel('Email').fill(person.email);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page).toHaveURL('/dashboard/new');
    await page.context().clearCookies();

    const provider = await startIdentityProvider({
      redirectUri: `${server.url}/auth/oidc/default/callback`,
      port: server.issuerPort,
    });
    await expect(async () => {
      await page.goto('/sign-in');
      await expect(page.getByText(/isn’t available right now/)).toBeHidden({ timeout: 1_000 });
    }).toPass({ timeout: 60_000, intervals: [1_000] });
    await button(page).click();
    await expect(page.getByRole('heading', { name: 'Identity provider' })).toBeVisible();
    await provider.stop();
  });
});
