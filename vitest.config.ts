import { defineConfig } from "vitest/config";

// The contracts are deployed for epoch 3.3, the first that runs them; the same tests run again in the newest one.
const contractsAt = (name: string, epoch: "3.3" | "4.0") => ({
  test: {
    name,
    environment: "node" as const,
    include: ["tests/contracts/**/*.test.ts"],
    exclude: ["tests/contracts/models/**"],
    setupFiles: ["tests/contracts/setup.ts"],
    provide: { epoch },
    // Loading the Clarity VM takes seconds; each test starts from a fresh chain anyway.
    isolate: false,
    // A busy machine needs minutes for what takes seconds.
    hookTimeout: 600_000,
    testTimeout: 600_000,
  },
});

// Random sequences against the model: minutes, not seconds, so apart from the tests that tell a story.
const modelsAt = (name: string, epoch: "3.3" | "4.0") => ({
  test: {
    name,
    environment: "node" as const,
    include: ["tests/contracts/models/**/*.test.ts"],
    provide: { epoch },
    testTimeout: 0,
  },
});

export default defineConfig({
  test: {
    // Simnet prints every contract event.
    silent: "passed-only",
    projects: [
      contractsAt("contracts", "3.3"),
      contractsAt("contracts-newest-epoch", "4.0"),
      modelsAt("models", "3.3"),
      modelsAt("models-newest-epoch", "4.0"),
      {
        test: {
          name: "browser",
          environment: "node",
          // A browser and a chain start, and several refunds are waited for.
          testTimeout: 180_000,
          hookTimeout: 300_000,
          include: ["tests/browser/**/*.test.ts"],
        },
      },
      {
        test: {
          name: "devnet",
          environment: "node",
          // The Clarity VM starts within seconds, on a busy machine within many.
          testTimeout: 60_000,
          hookTimeout: 60_000,
          include: ["tests/devnet/**/*.test.ts"],
        },
      },
    ],
  },
});
