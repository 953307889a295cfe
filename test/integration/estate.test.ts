import { afterAll, beforeAll, describe } from 'vitest';
import { openEstate } from '../../src/tools/aws/estate/estate.ts';
import { estateContract } from '../contract/estate.ts';
import { type WireServer, startWireServer, wireRegion } from '../contract/wire-server.ts';
import { wireSeed } from '../contract/wire-seed.ts';
import { awsPython } from '../helpers/tool-caches.ts';

const reason =
  awsPython === undefined
    ? 'skipped: no Python with the requirements of the local AWS server; run `npm run setup`'
    : '';

describe.skipIf(reason !== '')(`estate adapter against the local AWS server ${reason}`, () => {
  let server: WireServer;
  let made = 0;

  beforeAll(async () => {
    server = await startWireServer();
  });

  afterAll(async () => {
    await server?.stop();
  });

  estateContract(() => {
    made += 1;
    const cluster = `acme-dev-${String(made).padStart(5, 'a')}`;
    const { endpoint, pass } = server;
    return Promise.resolve({
      cluster,
      domain: `${cluster}.example.com`,
      estate: openEstate({ region: wireRegion, endpoint }),
      seed: wireSeed(endpoint, wireRegion, pass),
    });
  });
});
