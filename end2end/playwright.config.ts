// The matrix: {desktop, phone} × {with the browser's program, without script}. Names decide what runs where:
//   *.hydrated.spec.ts   on the desktop; on the phone what is tagged @phone
//   no-script.spec.ts and captures.spec.ts   only without script
//   everything else      in all four, unless it is tagged @once: then only on the desktop
import { defineConfig } from '@playwright/test';

const program = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];

const desktop = { viewport: { width: 1280, height: 800 } };
const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
const onlyWithoutScript = ['**/no-script.spec.ts', '**/captures.spec.ts'];

export default defineConfig({
  testDir: 'tests',
  outputDir: 'test-results',
  workers: 2,
  fullyParallel: true,
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  // A debug build's program for the browser is 13 MB, and two of them start at once on two cores.
  timeout: 90_000,
  expect: { timeout: 20_000 },
  reporter: 'list',
  use: {
    locale: 'en-GB',
    timezoneId: 'Europe/Vienna',
    colorScheme: 'light',
    reducedMotion: 'reduce',
    actionTimeout: 20_000,
    navigationTimeout: 30_000,
    // Without the film, which would cost as much as the tests themselves.
    trace: { mode: 'retain-on-failure', screenshots: false },
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: program,
      args: [
        ...asRoot,
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
  projects: [
    { name: 'desktop', use: desktop, testIgnore: onlyWithoutScript },
    { name: 'phone', use: phone, testIgnore: onlyWithoutScript, grep: /^(?!.*(\.hydrated\.spec\.ts|@once))|@phone/ },
    {
      name: 'desktop-without-script',
      use: { ...desktop, javaScriptEnabled: false },
      testIgnore: '**/*.hydrated.spec.ts',
      grepInvert: /@once/,
    },
    {
      name: 'phone-without-script',
      use: { ...phone, javaScriptEnabled: false },
      testIgnore: '**/*.hydrated.spec.ts',
      grepInvert: /@once/,
    },
  ],
});
