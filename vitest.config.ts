import { defineConfig } from 'vitest/config';

/** None of these times is a check. A test that hangs ends some day; one that goes on slowly, on a machine with much else to do, is not ended. */
const PATIENT = { testTimeout: 120_000, hookTimeout: 120_000, expect: { poll: { timeout: 60_000 } } };

export default defineConfig({
  test: {
    projects: [
      { test: { ...PATIENT, name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      { test: { ...PATIENT, name: 'model', include: ['test/model/**/*.test.ts'] } },
      { test: { ...PATIENT, name: 'contract', include: ['test/contract/**/*.test.ts'] } },
      {
        test: {
          ...PATIENT,
          name: 'chart',
          include: ['test/chart/**/*.test.ts'],
          globalSetup: ['test/chart/global-setup.ts'],
        },
      },
      {
        test: {
          ...PATIENT,
          name: 'gitea',
          include: ['test/gitea/**/*.test.ts'],
          globalSetup: ['test/gitea/global-setup.ts'],
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          ...PATIENT,
          name: 'integration',
          include: ['test/integration/**/*.test.ts', 'test/docs/**/*.test.ts'],
          globalSetup: ['test/integration/global-setup.ts'],
          hookTimeout: 300_000,
          env: {
            // Suites stop their own containers; testcontainers' reaper would be one more image to pull.
            TESTCONTAINERS_RYUK_DISABLED: 'true',
            // Ports are bound to loopback, also where testcontainers sees itself in a container and would try its gateway.
            TESTCONTAINERS_HOST_OVERRIDE: '127.0.0.1',
          },
        },
      },
    ],
  },
});
