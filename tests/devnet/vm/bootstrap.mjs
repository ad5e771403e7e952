// Node 20 knows no TypeScript in worker threads: register tsx, then load the worker.
import { register } from "tsx/esm/api";

register();
await import("./worker.ts");
