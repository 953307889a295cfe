import type { MakeEstate } from './estate-seed.ts';
import { balancerContract } from './estate-balancers.ts';
import { globalContract } from './estate-global.ts';
import { machineContract } from './estate-machines.ts';
import { networkContract } from './estate-network.ts';
import { refusedContract } from './estate-refused.ts';
import { scopeContract } from './estate-scope.ts';

/** What every implementation of the estate must do like AWS, so that what is proven on one holds for the others. */
export function estateContract(make: MakeEstate): void {
  scopeContract(make);
  machineContract(make);
  networkContract(make);
  balancerContract(make);
  globalContract(make);
  refusedContract(make);
}
