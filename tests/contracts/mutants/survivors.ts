/** Mutants that no test can tell from the contract, each with the reason. */

export interface Survivor {
  id: string;
  before: string;
  after: string;
  because: string;
}

export const SURVIVORS: readonly Survivor[] = [
  {
    id: "recoup-reserve:receive-ft:boundary:1",
    before: ">=",
    after: ">",
    because: "amounts are above zero: with after = before, what arrived is not the amount either way",
  },
];
