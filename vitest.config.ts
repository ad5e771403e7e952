import { defineConfig } from "vitest/config";

// The contracts are deployed for epoch 3.3, the first that runs them; the same tests run again in the newest one.
const contractsAt = (name: string, epoch: "3.3" | "4.0") => ({
  test: {
    name,
    environment: "node" as const,
    include: ["tests/contracts/**/*.test.ts"],
    setupFiles: ["tests/contracts/setup.ts"],
    provide: { epoch },
    // Loading the Clarity VM takes seconds; each test starts from a fresh chain anyway.
    isolate: false,
    hookTimeout: 120_000,
    testTimeout: 120_000,
  },
});

export default defineConfig({
  test: {
    // Simnet prints every contract event.
    silent: "passed-only",
    projects: [
      contractsAt("contracts", "3.3"),
      contractsAt("contracts-newest-epoch", "4.0"),
      {
        test: {
          name: "devnet",
          environment: "node",
          include: ["tests/devnet/**/*.test.ts"],
        },
      },
    ],
  },
});
