import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * What takes longest, the longest first (seconds on two idle cores stand in no order of names or sizes). A long file that starts last keeps one core
 * waiting for it alone. A file that is not named here comes after them, in vitest's own order.
 */
const slowest = [
  'e2e/whole',
  'e2e/cut-off',
  'integration/teardown-worlds',
  'integration/terraform-destroy',
  'e2e/bring-your-own',
  'integration/controllers',
  'integration/ansible-tree',
  'integration/sandbox',
  'integration/estate',
  'unit/worlds/worlds',
  'unit/worlds/killed',
  'unit/engine/engine-properties',
];

const placeOf = ({ moduleId }: TestSpecification): number => {
  const place = slowest.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
  return place === -1 ? slowest.length : place;
};

export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => placeOf(one) - placeOf(other));
  }
}
