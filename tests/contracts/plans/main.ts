/** Writes the deployment plans in deployments/. */
import { writeFileSync } from "node:fs";
import { NETWORKS, planPath, renderPlan } from "./plan.ts";

for (const network of NETWORKS) {
  writeFileSync(planPath(network), renderPlan(network));
  console.log(`wrote ${planPath(network)}`);
}
