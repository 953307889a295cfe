import { describe } from 'vitest';
import { estateContract } from '../../contract/estate.ts';
import { makeMemoryEstate } from '../../worlds/memory-aws/memory-seed.ts';

// The same suite runs against the adapter and the local AWS server: what is proven on the account in memory holds there.
describe('the account in memory', () => {
  estateContract(makeMemoryEstate);
});
